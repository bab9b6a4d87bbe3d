import { lstatSync } from 'node:fs';
import { join } from 'node:path';

/** Compiled code of the command line, one folder per build (runtime/cli/codeCache). Safe to delete. */
export const codeFolder = (home: string): string => join(home, 'cache', 'code');

/** The folders that decide whose code it is: with the right to rename one of them, another user could replace it. */
export const foldersOfCode = (home: string): string[] => [home, join(home, 'cache'), codeFolder(home)];

const FOR_OTHERS = 0o022;

/** Why a folder is not ours alone: the rest of a sentence. Undefined when it is, or does not exist. */
export function notOurs(path: string, uid = process.getuid?.()): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (!stat.isDirectory()) return 'is not a folder';
  if (stat.uid !== uid) return `belongs to another user (uid ${stat.uid})`;
  return (stat.mode & FOR_OTHERS) === 0 ? undefined : 'is writable by other users';
}
