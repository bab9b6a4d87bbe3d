import { messageOf } from '../../contract/failures.ts';
import type { LogLimits } from '../../contract/vocabulary.ts';
import { appendTo } from './journal.ts';

export type LogLevel = 'INFO' | 'WARN' | 'ERROR';

/** One line a second of the same text is enough: a full disk or a noisy guest must not fill the log as well. */
const REPEAT_MS = 1_000;

/** logs/broker.log: what happened, for people. A log that cannot be written stops nothing. */
export class BrokerLog {
  readonly #path: string;
  readonly #limits: LogLimits;
  #last = { text: '', at: Number.NEGATIVE_INFINITY };

  constructor(path: string, limits: LogLimits) {
    this.#path = path;
    this.#limits = limits;
  }

  info(text: string): void {
    this.#write('INFO', text);
  }

  warn(text: string): void {
    this.#write('WARN', text);
  }

  #write(level: LogLevel, text: string): void {
    const now = performance.now();
    if (text === this.#last.text && now - this.#last.at < REPEAT_MS) return;
    this.#last = { text, at: now };
    try {
      appendTo(
        this.#path,
        Buffer.from(`[host-broker] ${localTime(new Date())} ${level} ${oneLine(text)}\n`),
        this.#limits,
      );
    } catch (error) {
      // The process has no terminal; `up`, which started it, looks at its standard error only until it listens.
      process.stderr.write(`castra broker: ${messageOf(error)}\n`);
    }
  }
}

/** `2026-11-29 10:17:24`, by the clock of this host. */
function localTime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}

/** What a guest sends must not begin a line of its own, or reach a terminal as a control sequence. */
const oneLine = (text: string): string =>
  text.replace(/\p{Cc}/gu, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`);
