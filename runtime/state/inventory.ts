import type { Dirent } from 'node:fs';
import type { CleanupKind } from '../contract/clean.ts';

/** One name of a directory listing, as lstat(2) sees it: a symbolic link is a link, whatever it leads to. */
export interface Entry {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'socket' | 'link' | 'other';
}

export function typeOf(entry: Dirent): Entry['type'] {
  if (entry.isSymbolicLink()) return 'link';
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  return entry.isSocket() ? 'socket' : 'other';
}

/** The folders that Castra makes: the state root, and those below it. */
export type StateFolder = 'root' | 'logs' | 'bootstrap' | 'bus' | 'overlays' | 'kept' | 'handshakes' | 'broker';

/** Whose a name is. */
export type Verdict =
  /** Ours, and nothing is lost that the next `up` does not make again. */
  | { readonly kind: 'ours'; readonly cleanup: CleanupKind; readonly vm?: string }
  /** A folder of ours, to be looked into. */
  | { readonly kind: 'folder'; readonly folder: StateFolder }
  /** Ours, and never removed. */
  | { readonly kind: 'stays' }
  /** Not known: left alone. */
  | { readonly kind: 'unknown'; readonly reason: string };

interface Pattern {
  readonly name: RegExp;
  readonly type: Entry['type'];
  readonly cleanup: CleanupKind;
}

/** As config/names.ts allows; the group is the VM. */
const VM = '([a-z0-9][a-z0-9-]*)';
const file = (pattern: string, cleanup: CleanupKind): Pattern => ({
  name: new RegExp(`^${pattern}$`),
  type: 'file',
  cleanup,
});
/** As state/files.ts and images/overlay.ts name what they have not finished. */
const TEMPORARY = file('.+\\.[0-9a-f]{12}\\.tmp', 'temporary');

/** Every file name below a state root that Castra or its QEMU makes (layout.ts) and that a clean-up may remove. */
const patterns: Readonly<Record<StateFolder, readonly Pattern[]>> = {
  root: [
    TEMPORARY,
    file(`${VM}\\.json`, 'record'),
    file(`${VM}\\.bootstrap\\.json`, 'bootstrap'),
    file(`${VM}\\.pid`, 'pid-file'),
    { name: new RegExp(`^${VM}\\.(?:qmp|monitor|console|bus)$`), type: 'socket', cleanup: 'socket' },
    file(`${VM}\\.vars\\.fd`, 'firmware-vars'),
    file(`${VM}\\.seed\\.iso`, 'seed'),
    file('ssh_config', 'ssh-config'),
    file('known_hosts', 'ssh-config'),
  ],
  // Castra's own and those of VMs; with a number those that were rotated.
  logs: [TEMPORARY, file('[a-z0-9][a-z0-9-]*\\.(?:log|jsonl)(?:\\.\\d{1,4})?', 'logs')],
  bootstrap: [TEMPORARY, file('[a-z0-9][a-z0-9-]*\\.(?:json|log)(?:\\.\\d{1,4})?', 'logs')],
  overlays: [TEMPORARY, file('.+\\.qcow2', 'overlay')],
  // A copy from another disk is named `.tmp` until it is whole (images/keptOverlay.ts).
  kept: [TEMPORARY, file('.+\\.qcow2\\.tmp', 'temporary'), file('.+\\.qcow2', 'kept-overlay')],
  handshakes: [TEMPORARY, file('[A-Za-z0-9._-]+\\.jsonl?(?:\\.\\d{1,4})?', 'handshakes')],
  bus: [TEMPORARY, file('[a-z0-9][a-z0-9-]*\\.log(?:\\.\\d{1,4})?', 'logs')],
  broker: [TEMPORARY, file('[a-z0-9][a-z0-9-]*\\.(?:json|pid|token)', 'broker')],
};

const folders: Readonly<Record<StateFolder, Readonly<Record<string, StateFolder>>>> = {
  root: { logs: 'logs', overlays: 'overlays', kept: 'kept', handshakes: 'handshakes', broker: 'broker' },
  logs: { bootstrap: 'bootstrap', bus: 'bus' },
  bootstrap: {},
  overlays: {},
  kept: {},
  handshakes: {},
  bus: {},
  broker: {},
};

/**
 * The id marks the folder as ours. Who holds the lock may be about to look at it; what names the holder goes with the
 * lock. Keys stay: an overlay that was put aside, or an exported disk, still knows them.
 */
const lasting: Readonly<Record<string, Entry['type']>> = {
  'castra.id': 'file',
  'castra.lock': 'file',
  'operation.json': 'file',
  keys: 'directory',
};

/** Whose an entry of one of our folders is, by its name and type. Pure: what is in a file is for the caller to check. */
export function judgeEntry(folder: StateFolder, { name, type }: Entry): Verdict {
  if (type === 'link') return { kind: 'unknown', reason: 'it is a symbolic link, which Castra never creates' };
  if (folder === 'root' && Object.hasOwn(lasting, name) && lasting[name] === type) return { kind: 'stays' };
  if (folder === 'root' && type === 'file' && /^operation\.\d{1,4}\.json$/.test(name)) return { kind: 'stays' };
  const below = Object.hasOwn(folders[folder], name) ? folders[folder][name] : undefined;
  if (below !== undefined && type === 'directory') return { kind: 'folder', folder: below };
  for (const pattern of patterns[folder]) {
    const match = pattern.name.exec(name);
    if (!match) continue;
    if (pattern.type !== type)
      return { kind: 'unknown', reason: `it has a name of Castra's, but is not a ${pattern.type}` };
    return { kind: 'ours', cleanup: pattern.cleanup, ...(match[1] === undefined ? {} : { vm: match[1] }) };
  }
  return { kind: 'unknown', reason: 'Castra did not create it' };
}
