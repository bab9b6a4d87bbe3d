/**
 * Runs jobs side by side, so many at a time: one answer of a guest at a time would make 5,000 small files 5,000 times
 * the way there and back. The first failure keeps further jobs from starting.
 */
export class Lanes {
  readonly #limit: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** Waits for a free lane. Fails with what an earlier job failed with; the job's own end never rejects. */
  async start(job: () => Promise<void>): Promise<{ readonly end: Promise<void> }> {
    while (this.#running.size >= this.#limit) await Promise.race(this.#running);
    this.#throwFailure();
    const end = this.#run(job);
    this.#running.add(end);
    void end.then(() => this.#running.delete(end));
    return { end };
  }

  /** Waits for all that run, and fails with the first failure. */
  async finish(): Promise<void> {
    await Promise.all(this.#running);
    this.#throwFailure();
  }

  async #run(job: () => Promise<void>): Promise<void> {
    try {
      await job();
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
