import { closeSync, fdatasync, fstatSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { LogLimits } from '../../contract/vocabulary.ts';
import { rotatedLogs, rotateLog } from '../../logs/rotated.ts';
import { openOwnFile, openOwnLog } from '../../state/ownFile.ts';
import { type Entry, formatEntry, parseEntry } from './entry.ts';

const BUS_LOG = 'bus';
/** Where the last whole line is looked for at a start: many times the longest one. */
const TAIL_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

export const busLog = (folder: string, name: string): string => join(folder, `${name}.log`);

/**
 * Every message, one JSON line each, in `bus.log`, and again in a log of the VM that said it and of the one that it is
 * addressed to. `bus.log` is what is replayed. Lines are written once per turn of the event loop (group commit): a
 * message is recorded before anyone learns that it was accepted.
 */
export class Journal {
  readonly #folder: string;
  readonly #limits: LogLimits;
  readonly #pending = new Map<string, string[]>();
  #file: number;
  #size: number;
  #syncs = 0;
  lastSeq: number;

  constructor(folder: string, limits: LogLimits) {
    this.#folder = folder;
    this.#limits = limits;
    this.lastSeq = lastSeqOf(this.path);
    this.#file = openOwnLog(this.path, 'append');
    this.#size = fstatSync(this.#file).size;
    if (endsTorn(this.path, this.#size)) this.#size += writeSync(this.#file, '\n');
  }

  get path(): string {
    return busLog(this.#folder, BUS_LOG);
  }

  get hasPending(): boolean {
    return this.#pending.size > 0;
  }

  append(entry: Entry): void {
    const { seq, from, topic } = entry;
    this.lastSeq = seq;
    const line = formatEntry(entry);
    for (const name of logsOf(from, topic)) {
      const lines = this.#pending.get(name);
      if (lines) lines.push(line);
      else this.#pending.set(name, [line]);
    }
  }

  /** Writes what was appended. Throws what the system says; then those lines are lost, and the next ones are tried again. */
  commit(): void {
    if (this.#pending.size === 0) return;
    const pending = [...this.#pending];
    this.#pending.clear();
    const all = pending.find(([name]) => name === BUS_LOG)?.[1] ?? [];
    const bytes = Buffer.from(all.join(''));
    this.#write(bytes);
    for (const [name, lines] of pending) {
      // All of them, mostly: one guest speaks at a time.
      const own = lines.length === all.length ? bytes : Buffer.from(lines.join(''));
      if (name !== BUS_LOG) appendTo(busLog(this.#folder, name), own, this.#limits);
    }
  }

  #write(bytes: Buffer): void {
    // A sync that is under way has the file's number, which must not become another file's.
    if (this.#size > this.#limits.maxBytes && this.#syncs === 0) {
      closeSync(this.#file);
      rotateLog(this.path, this.#limits.keep);
      this.#file = openOwnLog(this.path, 'append');
      this.#size = 0;
    }
    this.#size += writeWhole(this.#file, bytes);
  }

  /** Resolves when everything committed is on the disk itself. */
  sync(): Promise<void> {
    this.#syncs += 1;
    return new Promise((done, fail) =>
      fdatasync(this.#file, (error) => {
        this.#syncs -= 1;
        if (error) fail(error);
        else done();
      }),
    );
  }

  close(): void {
    closeSync(this.#file);
  }

  /** Of what is recorded, oldest first. */
  files(): string[] {
    return [...rotatedLogs(this.path).reverse(), this.path];
  }
}

/** A VM may not have the name `bus`, so that log is never one of a VM's. */
function logsOf(from: string, topic: string): Set<string> {
  const to = topic.startsWith('vm:') ? topic.slice(3) : '';
  return new Set([BUS_LOG, from, ...(/^[a-z0-9-]+$/.test(to) ? [to] : [])]);
}

/** Appends to a log that is written now and then. */
export function appendTo(path: string, bytes: Buffer, limits: LogLimits): void {
  let file = openOwnLog(path, 'append');
  try {
    if (fstatSync(file).size > limits.maxBytes) {
      closeSync(file);
      rotateLog(path, limits.keep);
      file = openOwnLog(path, 'append');
    }
    writeWhole(file, bytes);
  } finally {
    closeSync(file);
  }
}

function writeWhole(file: number, bytes: Buffer): number {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  return bytes.length;
}

/** 0 when nothing is recorded. The last line may be torn: the host lost power, or the disk was full. */
function lastSeqOf(path: string): number {
  for (const file of [path, ...rotatedLogs(path)]) {
    const seq = tailLines(file)
      .reverse()
      .map(parseEntry)
      .find((entry) => entry !== undefined)?.seq;
    if (seq !== undefined) return seq;
  }
  return 0;
}

function tailLines(path: string): string[] {
  return readEnd(path, TAIL_BYTES).toString().split('\n').filter(Boolean);
}

function endsTorn(path: string, size: number): boolean {
  return size > 0 && readEnd(path, 1)[0] !== NEWLINE;
}

/** Nothing for a file that is not there, or not ours. */
function readEnd(path: string, bytes: number): Buffer {
  let file: number;
  try {
    file = openOwnFile(path);
  } catch {
    return Buffer.alloc(0);
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, bytes));
    return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, size - buffer.length));
  } finally {
    closeSync(file);
  }
}
