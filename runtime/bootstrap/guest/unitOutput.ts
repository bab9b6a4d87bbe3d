import type { Leftover } from '../stamp.ts';
import { plainText } from './plainText.ts';
import type { Mark } from './programs.ts';

const TAIL_LINES = 12;
/** Of a line that is kept for a failure. */
const LONGEST_KEPT = 400;

/** Reads what a contained program prints: first lines of ours, then its own. */
export class UnitOutput {
  readonly #mark: Mark;
  readonly #pass: (stream: 'stdout' | 'stderr', text: string) => Promise<void>;
  readonly #onGroup: (group: Leftover) => void;
  #begun = false;
  #group: Leftover | undefined;
  #skipped: 'creates' | 'check' | undefined;
  #error: string | undefined;
  #noop = false;
  #missing = false;
  #tail: string[] = [];

  constructor(
    mark: Mark,
    pass: (stream: 'stdout' | 'stderr', text: string) => Promise<void>,
    onGroup: (group: Leftover) => void,
  ) {
    this.#mark = mark;
    this.#pass = pass;
    this.#onGroup = onGroup;
  }

  get group(): number | undefined {
    return this.#group?.pid;
  }

  /** Why nothing was run. */
  get skipped(): 'creates' | 'check' | undefined {
    return this.#skipped;
  }

  /** What followed `Castra:error:`. */
  get error(): string | undefined {
    return this.#error;
  }

  /** A line was `Castra:noop`. */
  get noop(): boolean {
    return this.#noop;
  }

  /** What has to exist does not. */
  get missing(): boolean {
    return this.#missing;
  }

  get tail(): readonly string[] {
    return this.#tail;
  }

  readonly take = async (stream: 'stdout' | 'stderr', text: string): Promise<void> => {
    const own = stream === 'stdout' ? this.#withoutMarks(text) : text;
    if (own === '') return;
    this.#note(stream, own);
    await this.#pass(stream, own);
  };

  /** Lines of ours come before the program's, but for what a verification adds behind. */
  #withoutMarks(text: string): string {
    if (!text.includes(this.#mark)) return text;
    const lines = text.split('\n');
    return lines.filter((line) => !(line.startsWith(`${this.#mark} `) && this.#read(line.split(' ')))).join('\n');
  }

  #read([, word, ...rest]: readonly string[]): boolean {
    if (word === 'missing') this.#missing = true;
    else if (this.#begun) return false;
    if (word === 'pid' && /^[1-9]\d{0,9}$/.test(rest[0] ?? '')) {
      this.#group = { pid: Number(rest[0]), started: rest[1] ?? '' };
      this.#onGroup(this.#group);
    }
    if (word === 'skip') this.#skipped = rest[0] === 'creates' ? 'creates' : 'check';
    this.#begun ||= word === 'run';
    return true;
  }

  #note(stream: 'stdout' | 'stderr', text: string): void {
    // Of a flood of output, only the end can matter for the tail.
    const lines = text
      .slice(-TAIL_LINES * LONGEST_KEPT)
      .split('\n')
      .filter((line) => line.trim() !== '');
    this.#tail = [...this.#tail, ...lines.map((line) => plainText(line).slice(0, LONGEST_KEPT))].slice(-TAIL_LINES);
    if (stream === 'stderr' || !text.includes('Castra:')) return;
    for (const line of text.split('\n').map((each) => each.trim())) {
      this.#noop ||= line === 'Castra:noop';
      if (line.startsWith('Castra:error:'))
        this.#error ??= plainText(line.slice('Castra:error:'.length)).trim().slice(0, LONGEST_KEPT);
    }
  }
}
