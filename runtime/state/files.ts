import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { CastraError, messageOf } from '../contract/failures.ts';
import { DIRECTORY_MODE, FILE_MODE } from './layout.ts';

/** As writeFileAtomic names them. */
const TEMPORARY = /\.[0-9a-f]{12}\.tmp$/;

/** Replaces `path` in one step: a reader sees the old content or the new one, and a crash leaves at most a `.tmp`. */
export function writeFileAtomic(path: string, content: string | Uint8Array, mode = FILE_MODE): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, content, { flag: 'wx', mode });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Removes what a killed command left half-written, of one file or of all. Only for the holder of their lock. */
export function sweepTemporaries(folder: string, of?: string): void {
  for (const name of listNames(folder)) {
    const isMeant = of === undefined || name.startsWith(`${basename(of)}.`);
    if (isMeant && TEMPORARY.test(name)) rmSync(join(folder, name), { force: true });
  }
}

/** Undefined when the file is missing or cannot be read: the caller has nothing to go by either way. */
export function readTextIfAny(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** JSON from a file that may be missing, cut short or not ours. */
export function readJsonIfAny(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Makes a project's state root. Refuses a folder that has other things in it and never was one: Castra would close it
 * to everybody else and put, and remove, files of its own beside the user's.
 */
export function ensureStateRoot(path: string, marker: string): void {
  const strangers = existsSync(marker) ? [] : listNames(path);
  if (strangers.length > 0) {
    const detail = `it contains other files, such as ${strangers[0]}, and is not a state root of Castra`;
    throw new CastraError({ kind: 'state-root-unusable', path, detail });
  }
  ensurePrivateDirectory(path);
}

/** Names in a folder; none when it is missing or cannot be read. */
export function listNames(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** Makes a folder that only its owner can enter, and refuses one that belongs to another user. */
export function ensurePrivateDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE });
    const stat = lstatSync(path);
    if (!stat.isDirectory()) throw new Error('it is not a folder');
    if (process.getuid === undefined) return;
    if (stat.uid !== process.getuid()) throw new Error('it belongs to another user');
    if ((stat.mode & 0o077) !== 0) chmodSync(path, DIRECTORY_MODE);
  } catch (error) {
    throw new CastraError({ kind: 'state-root-unusable', path, detail: messageOf(error) }, { cause: error });
  }
}
