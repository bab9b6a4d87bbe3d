import { messageOf } from '../../contract/failures.ts';
import { listOf, number, object, text } from '../../state/decode.ts';
import { readJsonIfAny, writeFileAtomic } from '../../state/files.ts';

/** How far a durable subscription was acknowledged. */
export interface Cursor {
  /** Whose it is: a VM's name, or `host`. */
  readonly owner: string;
  readonly name: string;
  readonly topic: string;
  readonly seq: number;
}

/** Of one owner. */
const MAX_DURABLES = 64;
/** A crash costs what was acknowledged since: it comes again, which `at least once` allows. */
const SAVE_AFTER_MS = 200;

const isCursors = listOf(object<Cursor>({ owner: text, name: text, topic: text, seq: number }));

/** The durable subscriptions of a project, in one small file. */
export class Cursors {
  readonly #path: string;
  readonly #warn: (text: string) => void;
  readonly #cursors = new Map<string, Cursor>();
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, warn: (text: string) => void) {
    this.#path = path;
    this.#warn = warn;
    const known = readJsonIfAny(path);
    for (const cursor of isCursors(known) ? known : []) this.#cursors.set(keyOf(cursor.owner, cursor.name), cursor);
  }

  get(owner: string, name: string): Cursor | undefined {
    return this.#cursors.get(keyOf(owner, name));
  }

  /** The largest one: a journal that was removed must not begin below it. */
  get lastSeq(): number {
    return Math.max(0, ...[...this.#cursors.values()].map(({ seq }) => seq));
  }

  hasRoom(owner: string): boolean {
    return [...this.#cursors.values()].filter((cursor) => cursor.owner === owner).length < MAX_DURABLES;
  }

  set(cursor: Cursor): void {
    this.#cursors.set(keyOf(cursor.owner, cursor.name), cursor);
    this.#timer ??= setTimeout(() => this.save(), SAVE_AFTER_MS);
  }

  remove(owner: string, name: string): void {
    if (this.#cursors.delete(keyOf(owner, name))) this.#timer ??= setTimeout(() => this.save(), SAVE_AFTER_MS);
  }

  save(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      writeFileAtomic(this.#path, `${JSON.stringify([...this.#cursors.values()], null, 2)}\n`);
    } catch (error) {
      this.#warn(`durable subscriptions could not be saved: ${messageOf(error)}`);
    }
  }
}

const keyOf = (owner: string, name: string): string => `${owner} ${name}`;
