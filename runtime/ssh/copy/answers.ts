/** An emulated guest under load may let a request wait for long, but not this long. */
const SILENCE_MS = 120_000;
const LOOKS_PER_LIMIT = 10;

type Fail = (error: Error) => void;

/**
 * What a guest was asked and has not answered. One that keeps its connection open and says nothing must not hold a copy
 * for ever; and ssh2 forgets requests whose channel is closed.
 */
export class Answers {
  readonly #limitMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #pending = new Set<Fail>();
  #heardAt = performance.now();
  #end: Error | undefined;

  constructor(limitMs = SILENCE_MS) {
    this.#limitMs = limitMs;
    this.#timer = setInterval(() => this.#look(), limitMs / LOOKS_PER_LIMIT);
  }

  /** As `answer`, but it fails at the latest when nothing more will come. */
  wait<Result>(answer: Promise<Result>): Promise<Result> {
    if (this.#pending.size === 0) this.#heardAt = performance.now();
    return new Promise((done, fail) => {
      if (this.#end) fail(this.#end);
      else this.#pending.add(fail);
      const heard = () => {
        this.#pending.delete(fail);
        this.#heardAt = performance.now();
      };
      // Also when it has failed already: what ssh2 says of it later is nothing new.
      answer.finally(heard).then(done, fail);
    });
  }

  /** Nothing more will come: all that waits fails with this, and so does what is asked later. */
  end(error: Error): void {
    clearInterval(this.#timer);
    this.#end ??= error;
    for (const fail of this.#pending) fail(this.#end);
    this.#pending.clear();
  }

  #look(): void {
    if (this.#pending.size === 0 || performance.now() - this.#heardAt < this.#limitMs) return;
    this.end(new Error(`the guest has not answered for ${this.#limitMs / 1000} s`));
  }
}
