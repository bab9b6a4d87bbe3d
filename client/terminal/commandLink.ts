import { lstatSync, mkdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { shellQuote } from './launcher.ts';

/** What stands where the link to our launcher would be. */
export type LinkPlace =
  | { readonly kind: 'free' }
  | { readonly kind: 'ours' }
  /** Not ours; `what` describes it. */
  | { readonly kind: 'foreign'; readonly what: string };

/** The folder that systemd's file-hierarchy(7) and most shells' rc files know for a user's own programs. */
export const linkPath = (home: string): string => join(home, '.local', 'bin', 'castra');

export function inspectLink(path: string, launcher: string): LinkPlace {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return { kind: 'free' };
  if (!stat.isSymbolicLink()) return { kind: 'foreign', what: stat.isDirectory() ? 'a folder' : 'a file' };
  const target = readlinkSync(path);
  if (resolve(dirname(path), target) === launcher) return { kind: 'ours' };
  return { kind: 'foreign', what: `a link to ${target}` };
}

/** Throws EEXIST when something came there meanwhile: nothing is ever replaced. */
export function makeLink(path: string, launcher: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(launcher, path);
}

/** Whether a shell with this PATH looks into the folder. */
export const isOnPath = (folder: string, path: string | undefined): boolean =>
  (path ?? '').split(delimiter).some((entry) => entry !== '' && resolve(entry) === folder);

/** For a shell's rc file. At the end: a `castra` of the user's own comes first. */
export const pathLine = (folder: string): string => `export PATH="$PATH":${shellQuote(folder)}`;
