import { constants, rmSync, statSync } from 'node:fs';
import { chmod, copyFile } from 'node:fs/promises';
import { CastraError } from '../contract/failures.ts';
import type { ImageStep } from '../contract/images.ts';
import type { Architecture } from '../contract/vocabulary.ts';
import { Qcow2Error } from '../disks/qcow2.ts';
import { downloadFiles, FILE_MODE, imageFiles } from '../state/layout.ts';
import { waitForKernelLock } from '../state/waitForLock.ts';
import { addImage } from './addImage.ts';
import { alpineUrl, defaultImages } from './defaultImages.ts';
import { describeDisk, SUPPORTED } from './imageFailure.ts';
import { hashFile, prepareCache } from './store.ts';

export interface ImportRequest {
  readonly home: string;
  readonly qemuImg: string;
  /** Absolute. */
  readonly file: string;
  /** `[images] max_size`. */
  readonly maxBytes: number;
}

export interface ImportedImage {
  readonly path: string;
  /** Of the cached qcow2 file. */
  readonly sha256: string;
  readonly bytes: number;
  /** Of the file as it was given: what `base_image_sha256` has to say. */
  readonly source: { readonly sha256: string; readonly sha512: string; readonly format: string };
  /** Its architecture, when it is one of Castra's default images. */
  readonly defaultFor?: Architecture;
}

/** One import at a time: what a file will be known by is only known at the end. */
const IMPORT_KEY = 'import';

/** Takes a file into the cache, as if it had been downloaded; the file itself stays. Fails with `image-failed`. */
export async function importImage(
  { home, qemuImg, file, maxBytes }: ImportRequest,
  run: { readonly report: (step: ImageStep) => void; readonly signal: AbortSignal },
): Promise<ImportedImage> {
  prepareCache(home);
  const files = downloadFiles(home, IMPORT_KEY);
  const free = await waitForKernelLock(files.lock, { signal: run.signal });
  try {
    await copyPrivately(file, files.part);
    // Of the copy, which no other process changes meanwhile.
    const digests = await hashFile(files.part, run.signal);
    const known = findDefault(digests.sha256);
    const source = { ...digests, ...(known ? { url: alpineUrl(defaultImages[known]) } : {}) };
    const image = await addImage(
      { home, qemuImg, key: IMPORT_KEY, file: files.part, name: file, source, maxBytes },
      run,
    );
    const format = image.sources.find(({ sha256 }) => sha256 === digests.sha256)?.format ?? 'qcow2';
    const { sha256, bytes } = image;
    const path = imageFiles(home).image(sha256);
    return { path, sha256, bytes, source: { ...digests, format }, ...(known ? { defaultFor: known } : {}) };
  } catch (error) {
    throw explain(error, file, run.signal);
  } finally {
    rmSync(files.part, { force: true });
    free();
  }
}

/** A copy-on-write copy where the file system can: it costs neither time nor space. */
async function copyPrivately(file: string, target: string): Promise<void> {
  if (!statSync(file).isFile()) throw new Qcow2Error('it is not a file');
  rmSync(target, { force: true });
  await copyFile(file, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  await chmod(target, FILE_MODE);
}

function findDefault(sha256: string): Architecture | undefined {
  return (['x86_64', 'aarch64'] as const).find((architecture) => defaultImages[architecture].digest.hex === sha256);
}

function explain(error: unknown, file: string, signal: AbortSignal): unknown {
  if (error instanceof CastraError) return error;
  if (signal.aborted) return new CastraError({ kind: 'cancelled' }, { cause: error });
  const detail =
    error instanceof Qcow2Error
      ? `${file} cannot be imported: ${error.message}. ${error.advice ?? SUPPORTED}`
      : describeDisk(error);
  return detail === undefined ? error : new CastraError({ kind: 'image-failed', path: file, detail }, { cause: error });
}
