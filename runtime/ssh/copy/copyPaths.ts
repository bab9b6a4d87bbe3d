import { posix } from 'node:path';

/** One side of a copy: a path here, or one in a VM. */
export type CopyPath =
  | { readonly kind: 'local'; readonly path: string }
  | { readonly kind: 'remote'; readonly vm: string; readonly path: string };

/**
 * `vm:path` where `vm` is a name that is known; everything else is a path here, so that `C:\x` and `./a:b` are.
 * A remote path is taken literally, without a shell; `~/` and nothing at all mean the user's home folder, from which
 * SFTP's relative paths start anyway.
 */
export function parseCopyPath(text: string, known: (name: string) => boolean): CopyPath {
  const [, vm = '', path = ''] = /^([^:/\\]+):(.*)$/s.exec(text) ?? [];
  if (vm === '' || !known(vm)) return { kind: 'local', path: text };
  return { kind: 'remote', vm, path: path.replace(/^~(?:\/+|$)/, '') || '.' };
}

/** A name that was probably meant as a VM's: `wbe:/etc`, but not `C:\x`. */
export function looksRemote(text: string): string | undefined {
  return /^([a-z0-9][a-z0-9-]+):/.exec(text)?.[1];
}

/** What is at the destination before a copy begins. */
export type Occupant = 'folder' | 'other' | 'nothing';

/**
 * Where a source goes, by the rules of cp(1): into a folder that is there, else to that very name. Undefined when its
 * name says nothing (`.`, `/`, `..`): then its contents go there.
 */
export function nameInFolder(source: string): string | undefined {
  const name = posix.basename(source);
  return ['', '.', '..'].includes(name) ? undefined : name;
}

/** A guest must not choose where on the host its files go: a name is one step down, nothing else. */
export function isSafeName(name: string, windows: boolean): boolean {
  if (['', '.', '..'].includes(name) || name.includes('/') || name.includes('\0')) return false;
  return !windows || !/[\\:]/.test(name);
}
