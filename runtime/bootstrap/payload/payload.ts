import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { posix } from 'node:path';
import { messageOf } from '../../contract/failures.ts';

/** One thing in a payload. `name` has `/` between folders, and is relative. */
export type PayloadEntry = { readonly name: string; readonly mode: number; readonly mtime: number } & (
  | { readonly kind: 'folder' }
  | { readonly kind: 'file'; readonly path: string; readonly size: number }
  | { readonly kind: 'link'; readonly target: string }
);

/** Why a payload cannot be sent: the rest of a sentence. */
export class PayloadError extends Error {}

/**
 * Everything below a folder, sorted by name. Links are kept as they are, and refused when they lead out of the folder:
 * in the guest they would mean something else.
 */
export function readPayload(folder: string): PayloadEntry[] {
  const entries: PayloadEntry[] = [];
  collect(folder, '', entries);
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function collect(folder: string, prefix: string, entries: PayloadEntry[]): void {
  for (const found of list(folder)) {
    const path = `${folder}/${found}`;
    const name = `${prefix}${found}`;
    const stat = lstatSync(path);
    const common = { name, mode: stat.mode & 0o7777, mtime: Math.floor(stat.mtimeMs / 1000) };
    if (stat.isDirectory()) {
      entries.push({ ...common, kind: 'folder' });
      collect(path, `${name}/`, entries);
    } else if (stat.isFile()) entries.push({ ...common, kind: 'file', path, size: stat.size });
    else entries.push({ ...common, kind: 'link', target: readLink(path, name, stat) });
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw new PayloadError(`the payload cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function readLink(path: string, name: string, stat: Stats): string {
  if (!stat.isSymbolicLink())
    throw new PayloadError(`${path} is neither a file nor a folder nor a link, so it cannot be sent`);
  const target = readlinkSync(path).replaceAll('\\', '/');
  const end = posix.normalize(posix.join(posix.dirname(name), target));
  if (posix.isAbsolute(target) || end === '..' || end.startsWith('../'))
    throw new PayloadError(`the link ${path} leads out of the payload, to ${target}`);
  return target;
}
