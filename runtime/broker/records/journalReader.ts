import { closeSync, fstatSync, readSync, statSync } from 'node:fs';
import { openOwnFile } from '../../state/ownFile.ts';
import { type Entry, parseEntry } from './entry.ts';
import type { Journal } from './journal.ts';

const READ_BYTES = 128 * 1024;

/**
 * Reads what is recorded after a sequence number, a piece at a time, across rotation: a file that was renamed while it is
 * read is read to its end.
 */
export class JournalReader {
  readonly #journal: Journal;
  #file: number | undefined;
  #rest = '';
  lastSeq: number;

  constructor(journal: Journal, after: number) {
    this.#journal = journal;
    this.lastSeq = after;
  }

  /** What is new in the next piece, which may be nothing; undefined when everything committed was read. */
  next(): Entry[] | undefined {
    for (;;) {
      this.#file ??= this.#open();
      if (this.#file === undefined) return undefined;
      const lines = this.#readLines(this.#file);
      if (lines === undefined) {
        if (this.#isCurrent(this.#file)) return undefined;
        this.close();
        continue;
      }
      const entries = lines.flatMap((line) => parseEntry(line) ?? []).filter(({ seq }) => seq > this.lastSeq);
      this.lastSeq = entries.at(-1)?.seq ?? this.lastSeq;
      return entries;
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#rest = '';
  }

  /** The oldest file that has an entry we lack. Older ones are passed over by their last entry, newer ones come later. */
  #open(): number | undefined {
    const files = this.#journal.files();
    const wanted = files.findIndex((_, at) => at === files.length - 1 || firstSeqOf(files[at + 1]) > this.lastSeq + 1);
    const path = files[wanted];
    if (path === undefined) return undefined;
    try {
      return openOwnFile(path);
    } catch {
      return undefined;
    }
  }

  #readLines(file: number): string[] | undefined {
    const buffer = Buffer.alloc(READ_BYTES);
    const bytes = readSync(file, buffer, 0, READ_BYTES, null);
    if (bytes === 0) return undefined;
    // One byte, one character: a piece may end within a letter.
    const lines = (this.#rest + buffer.toString('latin1', 0, bytes)).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.map((line) => Buffer.from(line, 'latin1').toString());
  }

  #isCurrent(file: number): boolean {
    const now = statSync(this.#journal.path, { throwIfNoEntry: false });
    return now === undefined || now.ino === fstatSync(file).ino;
  }
}

/** Infinity for a file without entries: then all that is wanted may be in the one before. */
function firstSeqOf(path: string | undefined): number {
  if (path === undefined) return Number.POSITIVE_INFINITY;
  try {
    const file = openOwnFile(path);
    try {
      const buffer = Buffer.alloc(READ_BYTES);
      const text = buffer.toString('utf8', 0, readSync(file, buffer, 0, READ_BYTES, 0));
      const entry = text
        .split('\n')
        .map(parseEntry)
        .find((one) => one !== undefined);
      return entry?.seq ?? Number.POSITIVE_INFINITY;
    } finally {
      closeSync(file);
    }
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** The oldest sequence number that can still be replayed; Infinity when none can. */
export function oldestSeq(journal: Journal): number {
  return Math.min(...journal.files().map(firstSeqOf));
}
