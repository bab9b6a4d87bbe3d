import type { Readable } from 'node:stream';

/** The beginning of a stream, as bytes. */
export interface Captured {
  readonly bytes: Buffer;
  /** There was more. */
  readonly truncated: boolean;
}

/** Keeps what a stream begins with. It is read on, so that what writes to it does not wait for ever. */
export class Capture {
  #chunks: Buffer[] = [];
  #left: number;
  #truncated = false;

  constructor(maxBytes: number) {
    this.#left = maxBytes;
  }

  async read(stream: Readable): Promise<void> {
    for await (const chunk of stream) this.#take(chunk as Buffer);
  }

  /** What has come so far. */
  captured(): Captured {
    return { bytes: Buffer.concat(this.#chunks), truncated: this.#truncated };
  }

  #take(chunk: Buffer): void {
    const kept = chunk.subarray(0, this.#left);
    if (kept.length < chunk.length) this.#truncated = true;
    if (kept.length > 0) this.#chunks.push(kept);
    this.#left -= kept.length;
  }
}
