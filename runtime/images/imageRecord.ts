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

function isImageRecord(value: unknown): value is ImageRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { format, sha256, bytes, mtimeMs, sources, fetchedAt, lastUsedAt } = value as Partial<
    Record<keyof ImageRecord, unknown>
  >;
  return (
    format === 1 &&
    [sha256, fetchedAt, lastUsedAt].every((text) => typeof text === 'string') &&
    [bytes, mtimeMs].every((number) => typeof number === 'number') &&
    Array.isArray(sources) &&
    sources.every(isSource)
  );
}

function isSource(value: unknown): value is ImageSource {
  if (typeof value !== 'object' || value === null) return false;
  const { url, sha256, sha512, format } = value as Partial<Record<keyof ImageSource, unknown>>;
  return (
    typeof sha256 === 'string' &&
    typeof format === 'string' &&
    [url, sha512].every((text) => text === undefined || typeof text === 'string')
  );
}
