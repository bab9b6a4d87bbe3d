import { listOf, number, object, oneOf, optional, text } from '../state/decode.ts';
import { readJsonIfAny, writeFileAtomic } from '../state/files.ts';
import { imageFiles } from '../state/layout.ts';

/** Somewhere an image came from: the bytes as they were before they were unpacked or converted. */
export interface ImageSource {
  /** Absent for a file that was imported and belongs to no URL that is known. */
  readonly url?: string;
  readonly sha256: string;
  readonly sha512?: string;
  /** Such as `qcow2`, `raw` or `raw.xz`. */
  readonly format: string;
}

/** What is known about a cached image. The file itself is the proof of its content, as long as size and mtime agree. */
export interface ImageRecord {
  readonly format: 1;
  /** Of the cached qcow2 file, and its name. */
  readonly sha256: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly sources: readonly ImageSource[];
  readonly fetchedAt: string;
  readonly lastUsedAt: string;
  /** `castra images verify` found other bytes in it. */
  readonly damaged?: boolean;
}

export function writeImageRecord(home: string, record: ImageRecord): void {
  writeFileAtomic(imageFiles(home).record(record.sha256), `${JSON.stringify(record, null, 2)}\n`);
}

/** Undefined when there is none or it is not one of ours: the image is not known then. */
export function readImageRecord(home: string, sha256: string): ImageRecord | undefined {
  const value = readJsonIfAny(imageFiles(home).record(sha256));
  return isImageRecord(value) && value.sha256 === sha256 ? value : undefined;
}

const isSource = object<ImageSource>({ url: optional(text), sha256: text, sha512: optional(text), format: text });

export const isImageRecord = object<ImageRecord>({
  format: oneOf(1),
  sha256: text,
  bytes: number,
  mtimeMs: number,
  sources: listOf(isSource),
  fetchedAt: text,
  lastUsedAt: text,
  damaged: optional(oneOf(true)),
});
