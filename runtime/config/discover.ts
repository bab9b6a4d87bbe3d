import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { CastraError } from '../contract/failures.ts';
import type { ConfigSelection } from '../contract/project.ts';

const FILE_NAME = 'castra.toml';

/**
 * The absolute path of the selected castra.toml, with its folder as the system really calls it: a project reached
 * through a symbolic link is the same project. A file that is itself a link belongs to the folder it lies in.
 */
export function discoverConfig(selection: Exclude<ConfigSelection, { kind: 'project' | 'text' }>): string {
  if (selection.kind === 'discover') return discoverUpwards(resolve(selection.from));
  const path = resolve(selection.path);
  if (!isFile(path)) throw new CastraError({ kind: 'config-missing', path });
  return join(realpathSync(dirname(path)), basename(path));
}

/** Where the file of a text would be. Fails with `usage` when its folder does not exist. */
export function placeOfText(path: string): string {
  const folder = dirname(resolve(path));
  try {
    return join(realpathSync(folder), basename(path));
  } catch (error) {
    const detail = `${folder}, the folder of the project ${path}, does not exist.`;
    throw new CastraError({ kind: 'usage', detail }, { cause: error });
  }
}

function discoverUpwards(from: string): string {
  let folder = realFolder(from);
  while (!isFile(join(folder, FILE_NAME))) {
    const parent = dirname(folder);
    if (parent === folder) throw new CastraError({ kind: 'config-not-found', searchedFrom: from });
    folder = parent;
  }
  return join(realpathSync(folder), FILE_NAME);
}

/** A folder that is gone still has folders above it. */
function realFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

/** What cannot be looked at counts as absent: the search continues above it. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
