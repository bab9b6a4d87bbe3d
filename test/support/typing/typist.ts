/** One edit, as an editor sends it. */
export interface Edit {
  /** Offsets in the text before it. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** What may be accepted instead of typing on. */
export interface Offer {
  readonly label: string;
  readonly edit: Edit;
}

const PAIRS: Readonly<Record<string, string>> = { '[': ']', '{': '}', '"': '"' };
/** What is typed of a name before the rest of it is accepted. */
export const ACCEPTED_AFTER = /^[ \t]*(?:[a-z]\w{1,2}|\[{1,2}[a-z.]{1,3})$/;
const CLOSES_BEFORE = ',]} \n\t#';

/**
 * Someone who writes a text from its beginning to its end in an editor that closes brackets and quotes. What stands
 * before the cursor is always a beginning of that text.
 */
export class Typist {
  readonly #target: string;
  before = '';
  after = '';

  constructor(target: string) {
    this.#target = target;
  }

  get text(): string {
    return this.before + this.after;
  }

  get line(): number {
    return this.before.split('\n').length - 1;
  }

  get isDone(): boolean {
    return this.before.length === this.#target.length;
  }

  /** The next key; undefined when it only moves over a character that the editor put there. */
  press(): Edit | undefined {
    const at = this.before.length;
    const key = this.#target[at] ?? '';
    // A line that is there already is gone to, as with the arrow keys or Tab.
    const [first = '', second = ''] = this.after.split('\n');
    const ahead = key === '\n' ? `${first}\n${second}` : key;
    if (this.after.startsWith(key) && this.#target.startsWith(ahead, at)) {
      this.#set(this.before + key, this.after.slice(1));
      return undefined;
    }
    const indented = key === '\n' && /[[{]$/.test(this.before) && /^[\]}]/.test(this.after);
    // An editor puts the cursor on an indented line between the two.
    const closing = indented ? `\n` : this.#closes(key) ? (PAIRS[key] ?? '') : '';
    const own = indented ? '\n' : key;
    this.#set(this.before + own, closing + this.after);
    return { from: at, to: at, text: own + closing };
  }

  /** Accepts the offer that continues the text; undefined when none does. */
  accept(offers: readonly Offer[]): Edit | undefined {
    for (const { edit } of offers) {
      const [head = '', ...rest] = edit.text.split(/\$\{?\d\}?/);
      const before = this.text.slice(0, edit.from) + head;
      if (before.length <= this.before.length || !this.#target.startsWith(before)) continue;
      const after = rest.join('') + this.text.slice(edit.to);
      const text = head + rest.join('');
      this.#set(before, after);
      return { from: edit.from, to: edit.to, text };
    }
    return undefined;
  }

  #set(before: string, after: string): void {
    this.before = before;
    this.after = after;
  }

  #closes(key: string): boolean {
    const next = this.after[0];
    if (!(key in PAIRS) || !(next === undefined || CLOSES_BEFORE.includes(next))) return false;
    const line = this.before.slice(this.before.lastIndexOf('\n') + 1);
    const isInString = (line.split('"').length - 1) % 2 === 1 || /"""[^"]*$/.test(this.before);
    return !isInString && !line.includes('#');
  }
}
