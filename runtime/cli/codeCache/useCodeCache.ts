import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { codeFolder, foldersOfCode, notOurs } from '../../process/codeFolder.ts';
import { installCodeCache } from './codeCache.ts';

/** Of other builds and versions of Node; older ones go when a new folder is made. */
const BUILDS = 3;
const FILES = 32;

/** They promise to change nothing, or have just removed what is kept. They take code all the same. */
const READ_ONLY: readonly string[] = ['doctor', 'clean'];

/**
 * Lets the next start take compiled code from Castra's home. Whatever is in the way, the command runs without it:
 * code is only taken from folders that no other user can write to, and Castra's home is not made for this.
 */
export function useCodeCache(entry: string, words: readonly string[]): void {
  const home = homeOf(process.env);
  // On Windows files have no owner to go by; Electron's V8 was never tried.
  const isOff = process.env.CASTRA_CODE_CACHE === '0' || process.getuid === undefined || process.versions.electron;
  if (isOff || home === undefined) return;
  try {
    const folder = join(codeFolder(home), CASTRA_BUILD);
    if (!isHome(home) || [...foldersOfCode(home), folder].some((path) => notOurs(path) !== undefined)) return;
    const cache = installCodeCache(folder, dirname(entry) + sep, CASTRA_BUILD);
    const verb = verbOf(words);
    if (!READ_ONLY.includes(verb))
      process.once('exit', () => quietly(() => cache.save(verb, () => makeFolder(home, folder))));
  } catch {
    // A home that cannot be read or written to, or a full disk: all commands say so themselves when it matters.
  }
}

/** As readSettings has it, without loading what that needs. */
function homeOf({ CASTRA_HOME, HOME }: NodeJS.ProcessEnv): string | undefined {
  if (CASTRA_HOME) return resolve(CASTRA_HOME);
  return HOME && isAbsolute(HOME) ? join(HOME, '.castra') : undefined;
}

const isHome = (home: string): boolean => statSync(home, { throwIfNoEntry: false })?.isDirectory() ?? false;

const verbOf = (words: readonly string[]): string => words.find((word) => /^[a-z][a-z-]*$/.test(word)) ?? '-';

function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // The next command tries again.
  }
}

function makeFolder(home: string, folder: string): void {
  if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) {
    keepNewest(codeFolder(home), BUILDS);
  } else keepNewest(folder, FILES);
}

function keepNewest(folder: string, count: number): void {
  const names = readdirSync(folder);
  if (names.length <= count) return;
  const age = (name: string) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const byAge = names.map((name) => ({ name, at: age(name) })).sort((a, b) => b.at - a.at);
  for (const { name } of byAge.slice(count)) rmSync(join(folder, name), { recursive: true, force: true });
}
