import { isWild, matches } from '../protocol/subjects.ts';

/** More topics than these at once are rare; then the table of answers begins again. */
const MAX_CACHED = 10_000;

/** Who subscribed to what. An answer is remembered until a subscription changes. */
export class SubjectIndex<Subscriber> {
  readonly #exact = new Map<string, Set<Subscriber>>();
  readonly #wild = new Map<string, Set<Subscriber>>();
  readonly #answers = new Map<string, readonly Subscriber[]>();

  add(pattern: string, subscriber: Subscriber): void {
    const table = this.#tableOf(pattern);
    const known = table.get(pattern);
    if (known) known.add(subscriber);
    else table.set(pattern, new Set([subscriber]));
    this.#answers.clear();
  }

  remove(pattern: string, subscriber: Subscriber): void {
    const table = this.#tableOf(pattern);
    const known = table.get(pattern);
    if (!known?.delete(subscriber)) return;
    if (known.size === 0) table.delete(pattern);
    this.#answers.clear();
  }

  /** Each subscriber once, however many of its patterns match. */
  find(topic: string): readonly Subscriber[] {
    const known = this.#answers.get(topic);
    if (known) return known;
    const found = new Set(this.#exact.get(topic));
    for (const [pattern, subscribers] of this.#wild) {
      if (matches(pattern, topic)) for (const one of subscribers) found.add(one);
    }
    const answer = [...found];
    if (this.#answers.size >= MAX_CACHED) this.#answers.clear();
    this.#answers.set(topic, answer);
    return answer;
  }

  #tableOf(pattern: string): Map<string, Set<Subscriber>> {
    return isWild(pattern) ? this.#wild : this.#exact;
  }
}
