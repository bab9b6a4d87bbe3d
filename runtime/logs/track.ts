import { closeSync, fstatSync, readSync, type Stats, statSync } from 'node:fs';
import { type EmitLine, LineSplitter, MAX_LINE_BYTES } from './lines.ts';
import { openLog, type Segment } from './tail.ts';

/** A prompt has no newline: what stood for this long is shown without waiting for one. */
const QUIET_MS = 1000;
/** What one source may take before the others get their turn. */
const READS_PER_TURN = 8;
/** As many of the last bytes as prove that `<log>.1` is a copy of what we read. */
const PROOF_BYTES = 256;

/**
 * Follows a log by its name: through truncation, renaming, removal and coming back. What was written to the old file
 * before any of these is read first.
 */
export class LogTracker {
  readonly #path: string;
  readonly #splitter = new LineSplitter();
  readonly #buffer = Buffer.allocUnsafe(MAX_LINE_BYTES);
  #file: number | undefined;
  #offset: number;
  #proof = Buffer.alloc(0);
  #lastDataAt = 0;

  /** Takes over an open segment; without one, the file is read from its beginning as soon as it is there. */
  constructor(path: string, segment?: Segment) {
    this.#path = path;
    this.#file = segment?.file;
    this.#offset = segment?.from ?? 0;
    if (segment) this.#readProof(segment.file);
  }

  /** Reads what is there, within bounds. True when there may be more at once. Throws when the log cannot be read. */
  read(emit: EmitLine): boolean {
    this.#file ??= this.#open();
    if (this.#file === undefined) return false;
    if (fstatSync(this.#file).size < this.#offset) this.#begin(emit);
    if (this.#readOn(this.#file, emit)) return true;
    const next = this.#isReplaced(this.#file);
    // What was written between our read and the renaming.
    if (next && this.#readOn(this.#file, emit)) return true;
    if (next) {
      this.#splitter.flush(emit);
      this.close();
      return true;
    }
    if (performance.now() - this.#lastDataAt >= QUIET_MS) this.#splitter.flush(emit);
    return false;
  }

  flush(emit: EmitLine): void {
    this.#splitter.flush(emit);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#offset = 0;
    this.#proof = Buffer.alloc(0);
  }

  #open(): number | undefined {
    this.#offset = 0;
    this.#proof = Buffer.alloc(0);
    return openLog(this.#path);
  }

  #readOn(file: number, emit: EmitLine): boolean {
    for (let reads = 0; reads < READS_PER_TURN; reads++) {
      const length = readSync(file, this.#buffer, 0, this.#buffer.length, this.#offset);
      if (length === 0) return false;
      this.#take(this.#buffer.subarray(0, length), emit);
    }
    return true;
  }

  #take(bytes: Buffer, emit: EmitLine): void {
    this.#splitter.push(bytes, emit);
    this.#offset += bytes.length;
    this.#proof = Buffer.concat([this.#proof, bytes.subarray(-PROOF_BYTES)]).subarray(-PROOF_BYTES);
    this.#lastDataAt = performance.now();
  }

  /** The file was emptied. What we had not read yet is in the copy that its keeper made, if it made one. */
  #begin(emit: EmitLine): void {
    this.#readCopy(emit);
    this.#splitter.flush(emit);
    this.#offset = 0;
    this.#proof = Buffer.alloc(0);
    this.#lastDataAt = performance.now();
  }

  #readCopy(emit: EmitLine): void {
    let copy: number | undefined;
    try {
      copy = openLog(`${this.#path}.1`);
    } catch {
      // Not readable: what stands in the log itself still is.
    }
    if (copy === undefined) return;
    try {
      if (!this.#isProven(copy)) return;
      // A copy has an end: it is no longer written.
      while (this.#readOn(copy, emit));
    } finally {
      closeSync(copy);
    }
  }

  #isProven(copy: number): boolean {
    const length = this.#proof.length;
    if (length === 0) return this.#offset === 0;
    const bytes = Buffer.alloc(length);
    const got = readSync(copy, bytes, 0, length, this.#offset - length);
    return got === length && bytes.equals(this.#proof);
  }

  #readProof(file: number): void {
    const length = Math.min(PROOF_BYTES, this.#offset);
    const bytes = Buffer.alloc(length);
    const got = length === 0 ? 0 : readSync(file, bytes, 0, length, this.#offset - length);
    this.#proof = bytes.subarray(0, got);
  }

  /** Another file has the name now. One that was only removed is kept: it may still be written. */
  #isReplaced(file: number): boolean {
    let named: Stats | undefined;
    try {
      named = statSync(this.#path, { throwIfNoEntry: false });
    } catch {
      return false;
    }
    const { dev, ino } = fstatSync(file);
    return named !== undefined && (named.dev !== dev || named.ino !== ino);
  }
}
