import { createHash } from 'node:crypto';
import { createReadStream, rmSync, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Digest } from '../contract/vocabulary.ts';
import { ensurePrivateDirectory, listNames } from '../state/files.ts';
import { imageFiles } from '../state/layout.ts';
import { waitForKernelLock } from '../state/waitForLock.ts';
import { type ImageRecord, type ImageSource, readImageRecord, writeImageRecord } from './imageRecord.ts';

/** Records are read and changed in milliseconds; `prune` holds the lock while it deletes. */
const TRY_EVERY_MS = 20;

/** Makes the folders of the cache. Fails with `state-root-unusable`. */
export function prepareCache(home: string): void {
  const { folder, partial, remembered, converted } = imageFiles(home);
  for (const path of [home, folder, partial, remembered, converted]) ensurePrivateDirectory(path);
}

/** Does something to the cache that no other process may interfere with. Not for anything that takes long. */
export async function withStore<Result>(home: string, signal: AbortSignal, act: () => Result): Promise<Result> {
  prepareCache(home);
  const free = await waitForKernelLock(imageFiles(home).lock, { signal, everyMs: TRY_EVERY_MS });
  try {
    return act();
  } finally {
    free();
  }
}

/** Every image that has a record and a file, the oldest first. */
export function cachedImages(home: string): ImageRecord[] {
  return listNames(imageFiles(home).folder)
    .flatMap((name) => /^([0-9a-f]{64})\.json$/.exec(name)?.[1] ?? [])
    .flatMap((sha256) => readImageRecord(home, sha256) ?? [])
    .filter(({ sha256 }) => statSync(imageFiles(home).image(sha256), { throwIfNoEntry: false })?.isFile())
    .sort((a, b) => a.fetchedAt.localeCompare(b.fetchedAt) || a.sha256.localeCompare(b.sha256));
}

export interface ImageFile {
  readonly sha256: string;
  readonly path: string;
  /** Absent for an image without a record, which no lookup finds. */
  readonly lastUsedAt?: string;
}

/** Every image by its file, whether or not anything is known about it. */
export function listImageFiles(home: string): ImageFile[] {
  const files = imageFiles(home);
  return listNames(files.folder)
    .flatMap((name) => /^([0-9a-f]{64})\.qcow2$/.exec(name)?.[1] ?? [])
    .map((sha256) => {
      const lastUsedAt = readImageRecord(home, sha256)?.lastUsedAt;
      return { sha256, path: files.image(sha256), ...(lastUsedAt === undefined ? {} : { lastUsedAt }) };
    });
}

/** The image whose bytes, as they were downloaded or as they are now, have this digest. */
export function findByDigest(images: readonly ImageRecord[], { algorithm, hex }: Digest): ImageRecord | undefined {
  return images.find(
    (image) =>
      image.sources.some((source) => source[algorithm] === hex) || (algorithm === 'sha256' && image.sha256 === hex),
  );
}

/** Where an image that was found by a digest came from; that URL itself if possible. */
export function sourceOf(image: ImageRecord, url: string, digest: Digest): ImageSource | undefined {
  const matching = image.sources.filter((source) => source[digest.algorithm] === digest.hex);
  return matching.find((source) => source.url === url) ?? matching[0];
}

/** The file is as its record says, as far as can be known without reading it. */
export function isUnchanged(home: string, image: ImageRecord): boolean {
  const stat = statSync(imageFiles(home).image(image.sha256), { throwIfNoEntry: false });
  return stat?.size === image.bytes && stat.mtimeMs === image.mtimeMs && !image.damaged;
}

/** Last use is only for people and for `prune`: a full disk must not keep a VM from starting. */
export function touchImage(home: string, image: ImageRecord): void {
  try {
    writeImageRecord(home, { ...image, lastUsedAt: new Date().toISOString() });
  } catch {
    // What is known is what was known before.
  }
}

/** Each source once; what is said last about it holds. */
export function addSource(sources: readonly ImageSource[], source: ImageSource): ImageSource[] {
  const same = (other: ImageSource) => other.url === source.url && other.sha256 === source.sha256;
  return [...sources.filter((other) => !same(other)), source];
}

/** The file first: an image without a record is unknown, a record without an image would be, too, but said to exist. */
export function removeImage(home: string, sha256: string): void {
  const files = imageFiles(home);
  rmSync(files.image(sha256), { force: true });
  rmSync(files.record(sha256), { force: true });
}

export interface FileDigests {
  readonly sha256: string;
  readonly sha512: string;
}

/** Reads all of a file; a gigabyte takes a few seconds. */
export async function hashFile(path: string, signal: AbortSignal): Promise<FileDigests> {
  const [sha256, sha512] = [createHash('sha256'), createHash('sha512')];
  await pipeline(
    createReadStream(path, { highWaterMark: 1024 * 1024 }),
    async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        sha256.update(chunk);
        sha512.update(chunk);
      }
    },
    { signal },
  );
  return { sha256: sha256.digest('hex'), sha512: sha512.digest('hex') };
}
