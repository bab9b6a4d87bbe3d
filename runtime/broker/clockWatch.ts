/** Less is what an NTP client corrects, and agents leave alone (agent.sh). */
const JUMP_MS = 2_000;

/** Notices that the wall clock went another way than time did: this host slept, or its clock was set. */
export class ClockWatch {
  readonly #wall: () => number;
  readonly #steady: () => number;
  #last: number;

  constructor(wall = () => Date.now(), steady = () => performance.now()) {
    this.#wall = wall;
    this.#steady = steady;
    this.#last = wall() - steady();
  }

  /** Whether it jumped since it was asked last. */
  jumped(): boolean {
    const before = this.#last;
    this.#last = this.#wall() - this.#steady();
    return Math.abs(this.#last - before) > JUMP_MS;
  }
}
