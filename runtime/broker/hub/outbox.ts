import { encodeFrame, type Framing } from '../protocol/frames.ts';
import type { QueueSize } from '../settings.ts';

/** One frame to one session or many. */
export interface OutFrame {
  readonly json: string;
  /** It may be dropped for a consumer that is too slow. */
  readonly isMessage: boolean;
}

/** The end of a stream that takes bytes; false when it wants no more for now. */
export interface Sink {
  write(bytes: Buffer): boolean;
}

/** Characters of one write to a socket: more would only be copied once more. */
const WRITE_LENGTH = 128 * 1024;

/**
 * What waits to be written to one session. A socket that takes no more stops the writing, and then this queue fills, not
 * Node's: so the oldest messages can still be dropped. Its size is counted in characters, which are bytes for most JSON.
 */
export class Outbox {
  readonly #sink: Sink;
  readonly #framing: Framing;
  readonly #limits: QueueSize;
  #frames: OutFrame[] = [];
  #size = 0;
  #isBlocked = false;
  /** Messages that this consumer was too slow for. */
  dropped = 0;

  constructor(sink: Sink, framing: Framing, limits: QueueSize) {
    this.#sink = sink;
    this.#framing = framing;
    this.#limits = limits;
  }

  get length(): number {
    return this.#frames.length;
  }

  get isFull(): boolean {
    return this.#size > this.#limits.bytes || this.#frames.length > this.#limits.messages;
  }

  push(frame: OutFrame): void {
    this.#frames.push(frame);
    this.#size += frame.json.length;
  }

  /** Drops the oldest messages, a tenth more than must go: so it is not done for each one. Answers stay. */
  dropOldest(): void {
    const { bytes, messages } = this.#limits;
    const kept: OutFrame[] = [];
    let left = this.#frames.length;
    for (const frame of this.#frames) {
      const isTooMuch = this.#size > bytes * 0.9 || left > messages * 0.9;
      if (isTooMuch && frame.isMessage) {
        this.#size -= frame.json.length;
        left -= 1;
        this.dropped += 1;
      } else kept.push(frame);
    }
    this.#frames = kept;
  }

  /** Writes what the socket takes. */
  flush(): void {
    while (!this.#isBlocked && this.#frames.length > 0) {
      const frames = this.#take();
      this.#isBlocked = !this.#sink.write(joined(frames, this.#framing));
    }
  }

  /** The socket takes bytes again. */
  drained(): void {
    this.#isBlocked = false;
    this.flush();
  }

  #take(): readonly OutFrame[] {
    const all = this.#frames;
    let length = 0;
    let end = 0;
    while (end < all.length && length < WRITE_LENGTH) length += all[end++]?.json.length ?? 0;
    this.#size -= length;
    this.#frames = end === all.length ? [] : all.slice(end);
    return end === all.length ? all : all.slice(0, end);
  }
}

let last: { readonly frames: readonly OutFrame[]; readonly framing: Framing; readonly bytes: Buffer } | undefined;

/** Sessions with the same subscriptions wait for the same frames, one after the other: these are encoded once. */
function joined(frames: readonly OutFrame[], framing: Framing): Buffer {
  if (last?.framing === framing && isSame(last.frames, frames)) return last.bytes;
  const bytes =
    framing === 'lines'
      ? Buffer.from(`${frames.map(({ json }) => json).join('\n')}\n`)
      : Buffer.concat(frames.map(({ json }) => encodeFrame(json)));
  last = { frames, framing, bytes };
  return bytes;
}

const isSame = (one: readonly OutFrame[], other: readonly OutFrame[]): boolean =>
  one.length === other.length && one.every((frame, at) => frame === other[at]);
