import { statSync } from 'node:fs';
import type { ImageStep } from '../contract/images.ts';
import type { Digest } from '../contract/vocabulary.ts';
import { imageFiles } from '../state/layout.ts';
import { type ImageRecord, readImageRecord, writeImageRecord } from './imageRecord.ts';
import { cachedImages, findByDigest, hashFile, isUnchanged, removeImage, touchImage, withStore } from './store.ts';

/** What reading all of an image showed. */
export type Verdict =
  | { readonly kind: 'sound'; readonly record: ImageRecord }
  | { readonly kind: 'damaged'; readonly reason: string; readonly fileState: string }
  /** It was deleted or replaced meanwhile. */
  | { readonly kind: 'gone' };

/** Hashes a cached image. A sound one gets the size and time that it has now, a damaged one is marked. */
export async function verifyImage(home: string, record: ImageRecord, signal: AbortSignal): Promise<Verdict> {
  const { sha256 } = record;
  const path = imageFiles(home).image(sha256);
  const before = fileState(path);
  if (before === undefined) return { kind: 'gone' };
  const actual = (await hashFile(path, signal)).sha256;
  return withStore(home, signal, () => {
    const known = readImageRecord(home, sha256);
    if (!known || fileState(path) !== before) return { kind: 'gone' };
    const { size, mtimeMs } = statSync(path);
    const { damaged, ...facts } = known;
    if (actual === sha256) {
      const sound = { ...facts, bytes: size, mtimeMs };
      if (damaged || size !== known.bytes || mtimeMs !== known.mtimeMs) writeImageRecord(home, sound);
      return { kind: 'sound', record: sound };
    }
    if (!damaged) writeImageRecord(home, { ...known, damaged: true });
    return { kind: 'damaged', reason: `its sha256 is ${actual} now`, fileState: before };
  });
}

/** Deletes a damaged image, unless another process has put a new one in its place. */
export async function discardDamaged(
  home: string,
  sha256: string,
  verdict: Extract<Verdict, { kind: 'damaged' }>,
  run: { readonly report: (step: ImageStep) => void; readonly signal: AbortSignal },
): Promise<boolean> {
  const path = imageFiles(home).image(sha256);
  const removed = await withStore(home, run.signal, () => {
    if (fileState(path) !== verdict.fileState) return false;
    removeImage(home, sha256);
    return true;
  });
  if (removed) run.report({ type: 'image.discarded', path, reason: verdict.reason });
  return removed;
}

/** The cached image of a digest, marked as used; undefined when there is none, or it was damaged and is deleted. */
export async function findSound(
  home: string,
  digest: Digest,
  run: { readonly report: (step: ImageStep) => void; readonly signal: AbortSignal },
): Promise<ImageRecord | undefined> {
  const found = await withStore(home, run.signal, () => {
    const image = findByDigest(cachedImages(home), digest);
    if (image && isUnchanged(home, image)) touchImage(home, image);
    return image;
  });
  return found && !isUnchanged(home, found) ? recheckImage(home, found, run) : found;
}

/** A cached image whose file is not as recorded: sound after all, or deleted. */
async function recheckImage(
  home: string,
  record: ImageRecord,
  run: { readonly report: (step: ImageStep) => void; readonly signal: AbortSignal },
): Promise<ImageRecord | undefined> {
  const verdict = await verifyImage(home, record, run.signal);
  if (verdict.kind === 'sound') {
    const digest = `sha256:${record.sha256}`;
    run.report({ type: 'image.verified', path: imageFiles(home).image(record.sha256), digest });
    return verdict.record;
  }
  if (verdict.kind === 'damaged') await discardDamaged(home, record.sha256, verdict, run);
  return undefined;
}

/** Changes with every write to a file and with every other file of that name. */
function fileState(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat && `${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
}
