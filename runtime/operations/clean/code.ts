import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { CleanedCode } from '../../contract/clean.ts';
import { CastraError, messageOf } from '../../contract/failures.ts';
import { codeFolder, foldersOfCode, notOurs } from '../../process/codeFolder.ts';

/** Removes the compiled code of all builds; commands make it again. A folder that is not ours alone is left alone. */
export function cleanCode(home: string, dryRun: boolean): CleanedCode | undefined {
  const path = codeFolder(home);
  if (!existsSync(path) || foldersOfCode(home).some((folder) => notOurs(folder) !== undefined)) return undefined;
  try {
    const bytes = bytesBelow(path);
    if (!dryRun) rmSync(path, { recursive: true, force: true });
    return { path, bytes };
  } catch (error) {
    throw new CastraError({ kind: 'clean-refused', path, detail: `${messageOf(error)}.` }, { cause: error });
  }
}

export function bytesBelow(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const sizes = names.map((name) => lstatSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0);
}
