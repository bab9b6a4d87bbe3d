import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BaseImage } from '../config/project.ts';
import { CastraError, messageOf } from '../errors.ts';
import { homeFiles } from '../state/layout.ts';
import { inspectQcow2, Qcow2Error } from './qcow2.ts';

/** File name of the default image in the image cache, by the architecture of the guest. */
const defaultImages = {
  x86_64: 'generic_alpine-3.24.1-x86_64-bios-cloudinit-r0.qcow2',
  aarch64: 'generic_alpine-3.24.1-aarch64-uefi-cloudinit-r0.qcow2',
} as const;

export interface BaseImageRequest {
  readonly vm: string;
  readonly image: BaseImage;
  readonly home: string;
  readonly architecture: keyof typeof defaultImages;
}

/** The path of a VM's base image, checked to be a whole qcow2 file. Fails with `overlay-failed`, saying what to do. */
export async function resolveBaseImage(request: BaseImageRequest): Promise<string> {
  const { vm, image } = request;
  const path =
    image.kind === 'file' ? image.path : join(homeFiles(request.home).images, defaultImages[request.architecture]);
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new Qcow2Error('it is not a file');
    await inspectQcow2(path);
    return path;
  } catch (error) {
    throw new CastraError({ kind: 'overlay-failed', vm, detail: explain(path, image, error) }, { cause: error });
  }
}

function explain(path: string, image: BaseImage, error: unknown): string {
  const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  if (missing && image.kind === 'default-alpine') {
    return `no \`base_image\` is set, and the default Alpine image is not there. Put it at ${path}, or set \`base_image\` to a qcow2 file of yours.`;
  }
  if (missing) return `its base image ${path} does not exist. Correct \`base_image\`, or put the file there.`;
  if (error instanceof Qcow2Error) {
    return `its base image ${path} cannot be used: ${error.message}. \`qemu-img convert -O qcow2\` makes a qcow2 image of most formats; copy it again if it was cut short.`;
  }
  return `its base image ${path} cannot be read: ${messageOf(error)}.`;
}
