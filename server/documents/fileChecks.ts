import { stat } from 'node:fs/promises';

/** `unknown`: not looked at yet, or it cannot be; nothing is to be said against it. */
export type FileKind = 'file' | 'folder' | 'missing' | 'unknown';

/** What is at paths of this host, remembered for a moment: features ask with every key. */
export interface FileChecks {
  /** What was seen last, at once. */
  known(path: string): FileKind;
  /** A number that grows with every answer that differs from the one before. */
  revision(): number;
  /** Looks at paths whose answer is old; afterwards `known` has what could be found out in time. */
  look(paths: readonly string[]): Promise<void>;
  /** Files have changed: look again. */
  forget(): void;
}

const FRESH_MS = 3000;
/** A stat takes microseconds, except on a network drive whose server is gone. */
const PATIENCE_MS = 300;
/** Far more than projects refer to; beyond, all is forgotten. */
const MAX_KNOWN = 20_000;

interface Entry {
  kind: FileKind;
  /** Undefined once it must be looked at again. */
  seenAt: number | undefined;
  pending: Promise<void> | undefined;
  askedAt: number;
}

export function fileChecks(kindOf: (path: string) => Promise<FileKind> = readKind): FileChecks {
  const entries = new Map<string, Entry>();
  let events = 0;
  let revision = 0;
  const entryOf = (path: string): Entry => {
    const known = entries.get(path);
    if (known) return known;
    if (entries.size >= MAX_KNOWN) entries.clear();
    const entry: Entry = { kind: 'unknown', seenAt: undefined, pending: undefined, askedAt: 0 };
    entries.set(path, entry);
    return entry;
  };
  // One look at a time for each path: looks that hang must not pile up.
  const refresh = (path: string): Promise<void> | undefined => {
    const entry = entryOf(path);
    const now = performance.now();
    if (entry.pending) return now - entry.askedAt < PATIENCE_MS ? entry.pending : undefined;
    if (entry.seenAt !== undefined && now - entry.seenAt < FRESH_MS) return undefined;
    entry.askedAt = now;
    const before = events;
    entry.pending = kindOf(path).then((kind) => {
      if (kind !== entry.kind) revision += 1;
      Object.assign(entry, { kind, pending: undefined, seenAt: events === before ? performance.now() : undefined });
    });
    return entry.pending;
  };
  return {
    known: (path) => entries.get(path)?.kind ?? 'unknown',
    revision: () => revision,
    look: async (paths) => {
      const looks = [...new Set(paths)].map(refresh).filter((look) => look !== undefined);
      if (looks.length > 0) await atMost(Promise.all(looks));
    },
    forget() {
      events += 1;
      for (const entry of entries.values()) entry.seenAt = undefined;
    },
  };
}

/** Waits for a look at the disk, but not for a disk that does not answer. */
export async function atMost(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise((done) => (timer = setTimeout(done, PATIENCE_MS)))]);
  clearTimeout(timer);
}

async function readKind(path: string): Promise<FileKind> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'unknown';
  }
}
