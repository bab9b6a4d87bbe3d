import { stat } from 'node:fs/promises';
import type { BaseImage } from '../config/project.ts';
import type { Diagnostic } from '../contract/diagnostics.ts';
import { CastraError, messageOf } from '../contract/failures.ts';
import { detectFormat, isQcow2File } from '../disks/imageFormat.ts';
import { assertLocalChain } from '../disks/localChain.ts';
import { inspectQcow2, Qcow2Error } from '../disks/qcow2.ts';
import { ensureImage, type ImageRequest, type ImageRun } from './ensureImage.ts';
import { describeDisk } from './imageFailure.ts';
import { takeLocalImage } from './localImage.ts';
import { detectPacking } from './unpack/packing.ts';
import { isTar } from './unpack/tar.ts';

export interface BaseImageRequest extends Omit<ImageRequest, 'image'> {
  readonly vm: string;
  readonly image: BaseImage;
}

export interface FoundBaseImage {
  readonly path: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** What Castra does with a file of the user's: a qcow2 image is used where it is. */
type BaseFile = 'used' | 'converted';

/**
 * The path of a VM's base image, checked to be a whole qcow2 file. Fails with `overlay-failed` for a file of the
 * user's, with `image-failed` for one that Castra gets itself, and for the cache; all say what to do.
 */
export async function resolveBaseImage(request: BaseImageRequest, run: ImageRun): Promise<FoundBaseImage> {
  const { vm, image, qemuImg, maxBytes } = request;
  if (image.kind !== 'file') return ensureImage({ ...request, image }, run);
  const { path } = image;
  const { home } = request.settings;
  if ((await checkBaseFile(vm, path)) === 'used') return { path, diagnostics: [] };
  try {
    return { path: await takeLocalImage({ home, qemuImg, maxBytes, path }, run), diagnostics: [] };
  } catch (error) {
    if (error instanceof CastraError) throw error;
    if (run.signal.aborted) throw new CastraError({ kind: 'cancelled' }, { cause: error });
    const detail = error instanceof Qcow2Error ? undefined : describeDisk(error);
    if (detail !== undefined) throw new CastraError({ kind: 'image-failed', path, detail }, { cause: error });
    throw failure(vm, path, error);
  }
}

/** Fails with `overlay-failed` unless the user's file is a whole qcow2 image, or looks like what can be converted. */
export async function checkBaseFile(vm: string, path: string): Promise<BaseFile> {
  try {
    return await judgeFile(path);
  } catch (error) {
    throw failure(vm, path, error);
  }
}

async function judgeFile(path: string): Promise<BaseFile> {
  const found = await stat(path);
  if (found.isDirectory()) throw new Qcow2Error('it is a directory', { advice: 'Write the path of a file in it.' });
  if (!found.isFile()) throw new Qcow2Error('it is not a file');
  if (await isQcow2File(path)) {
    await inspectQcow2(path);
    await assertLocalChain(path);
    return 'used';
  }
  // What is packed is judged once it is unpacked.
  if ((await detectPacking(path)) === undefined && !(await isTar(path))) await detectFormat(path);
  return 'converted';
}

const failure = (vm: string, path: string, error: unknown): CastraError =>
  new CastraError({ kind: 'overlay-failed', vm, detail: explain(path, error) }, { cause: error });

function explain(path: string, error: unknown): string {
  const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
  if (missing) return `its base image ${path} does not exist. Correct \`base_image\`, or copy the file there.`;
  if (error instanceof Qcow2Error)
    return `its base image ${path} cannot be used: ${error.message}. ${error.advice ?? CONVERT}`;
  return `its base image ${path} cannot be read: ${messageOf(error)}.`;
}

const CONVERT =
  '`qemu-img convert -O qcow2 IN OUT` converts most formats to a qcow2 image that needs no other file; if the file is truncated, copy it again.';
