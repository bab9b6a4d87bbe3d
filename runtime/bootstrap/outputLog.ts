import { closeSync, writeSync } from 'node:fs';
import type { LogLimits } from '../contract/vocabulary.ts';
import { rotateLog } from '../logs/rotated.ts';
import { openOwnLog } from '../state/ownFile.ts';

/** What the scripts of one run printed, and what was done between them. A full disk of the host only ends the log. */
export class OutputLog {
  readonly path: string;
  readonly #limits: LogLimits;
  #file: number | undefined;
  #bytes = 0;
  #startsLine = true;

  constructor(path: string, limits: LogLimits) {
    this.path = path;
    this.#limits = limits;
    this.#file = openOwnLog(path, 'begin');
  }

  /** Of Castra. */
  note(text: string): void {
    const newline = this.#startsLine ? '' : '\n';
    this.#write(`${newline}== ${new Date().toISOString()} ${text.replaceAll('\n', ' ')}\n`);
  }

  /** Of the guest. */
  output(text: string): void {
    this.#write(text);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #write(text: string): void {
    if (this.#file === undefined || text === '') return;
    try {
      if (this.#bytes > this.#limits.maxBytes) this.#rotate();
      this.#bytes += writeSync(this.#file, text);
      this.#startsLine = text.endsWith('\n');
    } catch {
      this.close();
    }
  }

  #rotate(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    rotateLog(this.path, this.#limits.keep);
    this.#file = openOwnLog(this.path, 'begin');
    this.#bytes = 0;
  }
}
