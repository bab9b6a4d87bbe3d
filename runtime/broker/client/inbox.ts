import { matches } from '../protocol/subjects.ts';
import type { BusError } from './incoming.ts';

/** A message of the bus. */
export interface BusMessage {
  /** Counts all messages of the project's broker. */
  readonly seq: number;
  /** A VM's name, or `host`. */
  readonly from: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly topic: string;
  readonly payload: unknown;
  /** It is a request: `reply` answers it. */
  readonly inbox?: string;
}

interface Hooks {
  readonly signal: AbortSignal | undefined;
  /** The next message was asked for, so this one is dealt with. */
  readonly onDone: (message: BusMessage) => void;
  readonly onEnd: () => void;
}

/**
 * Messages that one subscription keeps for a loop that is slower than they come. The socket cannot simply be read later:
 * the loop may wait for an acknowledgement that is behind them.
 */
const MAX_WAITING = 50_000;

/** What came for one subscription and was not taken yet. */
export class Inbox {
  readonly topic: string;
  readonly #durable: string | undefined;
  readonly #onDropped: () => void;
  #messages: BusMessage[] = [];
  #next = 0;
  #wake: (() => void) | undefined;
  #error: BusError | undefined;

  constructor(topic: string, durable: string | undefined, onDropped: () => void) {
    this.#onDropped = onDropped;
    this.topic = topic;
    this.#durable = durable;
  }

  offer(message: BusMessage & { readonly durable?: string }): void {
    if (message.durable !== this.#durable || !matches(this.topic, message.topic)) return;
    this.#messages.push(message);
    // The oldest go, as in the broker. Of a durable subscription so many never wait (replay.ts).
    if (this.#messages.length - this.#next > MAX_WAITING) {
      this.#next += 1;
      this.#onDropped();
    }
    this.#wake?.();
  }

  end(error: BusError): void {
    this.#error = error;
    this.#wake?.();
  }

  /** By hand, not as a generator: that costs a microsecond for each message. */
  messages({ signal, onDone, onEnd }: Hooks): AsyncIterableIterator<BusMessage, void, undefined> {
    const abort = () => this.#wake?.();
    signal?.addEventListener('abort', abort);
    let before: BusMessage | undefined;
    let isOver = false;
    const end = (): IteratorResult<BusMessage, void> => {
      if (!isOver) {
        isOver = true;
        signal?.removeEventListener('abort', abort);
        onEnd();
      }
      return { value: undefined, done: true };
    };
    const next = async (): Promise<IteratorResult<BusMessage, void>> => {
      if (before) onDone(before);
      before = undefined;
      while (!isOver && !signal?.aborted) {
        before = this.#shift();
        if (before) return { value: before, done: false };
        if (this.#error) {
          end();
          throw this.#error;
        }
        await this.#more();
      }
      return end();
    };
    return {
      next,
      return: async () => {
        if (before) onDone(before);
        before = undefined;
        return end();
      },
      throw: async (error) => {
        end();
        throw error;
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  #more(): Promise<void> {
    return new Promise((done) => {
      this.#wake = done;
    });
  }

  #shift(): BusMessage | undefined {
    const message = this.#messages[this.#next];
    if (message === undefined) {
      this.#messages = [];
      this.#next = 0;
      return undefined;
    }
    this.#next += 1;
    if (this.#next > MAX_WAITING) {
      this.#messages = this.#messages.slice(this.#next);
      this.#next = 0;
    }
    return message;
  }
}
