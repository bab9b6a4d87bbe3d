import { stat } from 'node:fs/promises';
import type { BaseImage } from '../config/project.ts';
import type { Diagnostic } from '../contract/diagnostics.ts';
import { CastraError, messageOf } from '../contract/failures.ts';
import { assertLocalChain } from '../disks/localChain.ts';
import { inspectQcow2, Qcow2Error } from '../disks/qcow2.ts';
import { ensureImage, type ImageRequest, type ImageRun } from './ensureImage.ts';

export interface BaseImageRequest extends Omit<ImageRequest, 'image'> {
  readonly vm: string;
  readonly image: BaseImage;
}

export interface FoundBaseImage {
  readonly path: string;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The path of a VM's base image, checked to be a whole qcow2 file. Fails with `overlay-failed` for a file of the
 * user's, with `image-failed` for one that Castra gets itself; both say what to do.
 */
export async function resolveBaseImage(request: BaseImageRequest, run: ImageRun): Promise<FoundBaseImage> {
  const { vm, image } = request;
  if (image.kind !== 'file') return ensureImage({ ...request, image }, run);
  await checkBaseFile(vm, image.path);
  return { path: image.path, diagnostics: [] };
}

/** Fails with `overlay-failed` unless the user's file is a whole qcow2 image. */
export async function checkBaseFile(vm: string, path: string): Promise<void> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new Qcow2Error('it is not a file');
    await inspectQcow2(path);
    await assertLocalChain(path);
  } catch (error) {
    throw new CastraError({ kind: 'overlay-failed', vm, detail: explain(path, error) }, { cause: error });
  }
}

function explain(path: string, error: unknown): string {
  const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  if (missing) return `its base image ${path} does not exist. Correct \`base_image\`, or copy the file there.`;
  if (error instanceof Qcow2Error) {
    return `its base image ${path} cannot be used: ${error.message}. \`qemu-img convert -O qcow2 IN OUT\` converts most formats to a qcow2 image that needs no other file; if the file is truncated, copy it again.`;
  }
  return `its base image ${path} cannot be read: ${messageOf(error)}.`;
}
