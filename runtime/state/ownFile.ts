import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats, unlinkSync } from 'node:fs';
import { FILE_MODE } from './layout.ts';

/**
 * More than any state file of ours has. A larger one is not ours, and reading it would only cost memory.
 */
const STATE_FILE_LIMIT = 4 * 1024 * 1024;

/** A link is not followed, and a FIFO or a device does not make us wait. Windows has neither flag. */
const SAFE = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a plain file to read it. Throws what the system says, or a sentence when the name is a link, a FIFO, a device
 * or a folder.
 */
export function openOwnFile(path: string): number {
  return assertPlain(openSync(path, constants.O_RDONLY | SAFE), path);
}

/**
 * Opens a log of ours, to append to it or to begin again. A file with a second name is refused: what is written would
 * show under that name too.
 */
export function openOwnLog(path: string, how: 'append' | 'begin'): number {
  const position = how === 'append' ? constants.O_APPEND : 0;
  const file = assertPlain(openSync(path, constants.O_WRONLY | constants.O_CREAT | position | SAFE, FILE_MODE), path);
  if (fstatSync(file).nlink <= 1) return file;
  closeSync(file);
  throw new Error(`${path} is a hard link to another file. Remove that name, and try again`);
}

function assertPlain(file: number, path: string): number {
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw new Error(`${path} is not a plain file`);
}

/** A whole state file. Throws as `openOwnFile`, and for a file that is larger than any of ours. */
export function readOwnText(path: string): string {
  const file = openOwnFile(path);
  try {
    const { size } = fstatSync(file);
    if (size > STATE_FILE_LIMIT) throw new Error(`${path} has ${size} bytes, more than any state file of Castra`);
    // The file may grow while it is read: what was there when we looked is what counts.
    const bytes = Buffer.alloc(size);
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, size, 0));
  } finally {
    closeSync(file);
  }
}

/** What a name of ours stands for. */
export type OwnEntry = 'none' | 'plain' | 'stranger';

export function entryAt(path: string): OwnEntry {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 'none';
  return isOurKind(stat) ? 'plain' : 'stranger';
}

const isOurKind = (stat: Stats): boolean => stat.isFile() || stat.isSocket();

/** Removes a plain file or a socket. False for anything else, which Castra never makes: it stays. */
export function removeOwnFile(path: string): boolean {
  switch (entryAt(path)) {
    case 'none':
      return true;
    case 'stranger':
      return false;
    case 'plain':
      unlinkSync(path);
      return true;
  }
}
