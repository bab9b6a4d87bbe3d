/** What is kept of a line; more of it is counted and left out. Also the size of a read, so no read holds a longer one. */
export const MAX_LINE_BYTES = 64 * 1024;

const NEWLINE = 10;

export type EmitLine = (text: string) => void;

/**
 * Bytes to lines of text. Any bytes will do: what is no UTF-8 becomes U+FFFD, and a line of any length costs a bounded
 * amount of memory.
 */
export class LineSplitter {
  #pieces: Buffer[] = [];
  #held = 0;
  #dropped = 0;

  /** `chunk` has at most MAX_LINE_BYTES and may be used again afterwards. */
  push(chunk: Buffer, emit: EmitLine): void {
    const first = chunk.indexOf(NEWLINE);
    if (first < 0) {
      this.#hold(chunk);
      return;
    }
    this.#hold(chunk.subarray(0, first));
    this.#finish(emit);
    const last = chunk.lastIndexOf(NEWLINE);
    // All at once: a newline is never part of another character, and one decoding is much faster than many.
    if (last > first) for (const line of chunk.toString('utf8', first + 1, last).split('\n')) emit(withoutReturn(line));
    this.#hold(chunk.subarray(last + 1));
  }

  /** Hands out a line that has no end yet. */
  flush(emit: EmitLine): void {
    if (this.#held > 0) this.#finish(emit);
  }

  #hold(bytes: Buffer): void {
    const kept = bytes.subarray(0, MAX_LINE_BYTES - this.#held);
    this.#dropped += bytes.length - kept.length;
    this.#held += kept.length;
    if (kept.length > 0) this.#pieces.push(Buffer.from(kept));
  }

  #finish(emit: EmitLine): void {
    const text = withoutReturn(Buffer.concat(this.#pieces).toString('utf8'));
    emit(this.#dropped === 0 ? text : `${text} [${this.#dropped} more bytes of this line]`);
    this.#pieces = [];
    this.#held = 0;
    this.#dropped = 0;
  }
}

/** A serial console ends lines with CR LF, often with more than one CR. */
function withoutReturn(line: string): string {
  let end = line.length;
  while (end > 0 && line.charCodeAt(end - 1) === 13) end--;
  return end === line.length ? line : line.slice(0, end);
}
