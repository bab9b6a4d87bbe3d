import { orderLooks } from './fleet/looks.ts';

/** Files that are looked for again and again. */
export interface FoundPaths {
  readonly paths: readonly string[];
  has(path: string): boolean;
  /** Looks, and reports what came and went since. Of looks that overlap, an older one never undoes a newer one. */
  look(): Promise<void>;
}

export type PathsChanged = (found: readonly string[], lost: readonly string[]) => void;

export function findPaths(find: () => Promise<readonly string[]>, changed: PathsChanged): FoundPaths {
  const known = new Set<string>();
  const looks = orderLooks();
  return {
    get paths() {
      return [...known].sort();
    },
    has: (path) => known.has(path),
    async look() {
      const isNewest = looks.begin('');
      const now = new Set(await find());
      if (!isNewest()) return;
      const found = [...now].filter((path) => !known.has(path));
      const lost = [...known].filter((path) => !now.has(path));
      for (const path of found) known.add(path);
      for (const path of lost) known.delete(path);
      changed(found, lost);
    },
  };
}
