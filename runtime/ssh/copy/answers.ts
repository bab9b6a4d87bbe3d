/** An emulated guest under load may let a request wait for long, but not this long. */
const SILENCE_MS = 120_000;
const LOOKS_PER_LIMIT = 10;

export interface AnswersOptions {
  /** Ends the connection, which makes all that is asked fail. */
  readonly hangUp: () => void;
  readonly limitMs?: number;
}

/** What a guest was asked and has not answered: one that keeps its connection open and says nothing must not hold a copy for ever. */
export class Answers {
  readonly #limitMs: number;
  readonly #timer: NodeJS.Timeout;
  #owed = 0;
  #heardAt = performance.now();
  #silent = false;

  constructor({ hangUp, limitMs = SILENCE_MS }: AnswersOptions) {
    this.#limitMs = limitMs;
    this.#timer = setInterval(() => {
      if (this.#owed === 0 || performance.now() - this.#heardAt < limitMs) return;
      this.#silent = true;
      this.stop();
      hangUp();
    }, limitMs / LOOKS_PER_LIMIT);
  }

  async wait<Result>(answer: Promise<Result>): Promise<Result> {
    if (this.#owed === 0) this.#heardAt = performance.now();
    this.#owed += 1;
    try {
      return await answer;
    } catch (error) {
      if (!this.#silent) throw error;
      throw new Error(`the guest has not answered for ${this.#limitMs / 1000} s`, { cause: error });
    } finally {
      this.#owed -= 1;
      this.#heardAt = performance.now();
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
