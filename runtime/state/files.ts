import { randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CastraError, messageOf } from '../contract/failures.ts';
import { DIRECTORY_MODE, FILE_MODE } from './layout.ts';
import { readOwnText } from './ownFile.ts';

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

/**
 * Undefined when the file is missing, cannot be read, or is nothing that Castra makes (a link, a FIFO, gigabytes): the
 * caller has nothing to go by either way.
 */
export function readTextIfAny(path: string): string | undefined {
  try {
    return readOwnText(path);
  } catch {
    return undefined;
  }
}

/** JSON from a file that may be missing, cut short or not ours. */
export function readJsonIfAny(path: string): unknown {
  try {
    return JSON.parse(readOwnText(path));
  } catch {
    return undefined;
  }
}

/** Names in a folder; none when it is missing or cannot be read. */
export function listNames(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** Makes a folder that only its owner can enter, and refuses a link, and a folder of another user. */
export function ensurePrivateDirectory(path: string): void {
  try {
    makeFolders(path);
    const stat = lstatSync(path);
    if (!stat.isDirectory()) throw new Error('it is not a folder');
    if (process.getuid === undefined) return;
    if (stat.uid !== process.getuid()) throw new Error('it belongs to another user');
    if ((stat.mode & 0o077) !== 0) chmodSync(path, DIRECTORY_MODE);
  } catch (error) {
    throw new CastraError({ kind: 'state-root-unusable', path, detail: messageOf(error) }, { cause: error });
  }
}

/**
 * Makes a folder and those above it. Level by level: with `recursive`, Node tries for ever where the parent of a name that can be looked up answers ENOENT
 * (HOME=/proc/x; the same loop as nodejs/node#27198 on Windows).
 */
export function makeFolders(path: string, mode = DIRECTORY_MODE): void {
  const missing: string[] = [];
  for (let level = path; lstatSync(level, { throwIfNoEntry: false }) === undefined; level = dirname(level)) {
    missing.push(level);
    if (dirname(level) === level) break;
  }
  for (const level of missing.reverse()) makeFolder(level, mode);
}

/** Another command may make it at the same time. */
function makeFolder(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** A folder with files of other programs stays: Castra does not own it. */
export function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It is not empty, or not there.
  }
}
