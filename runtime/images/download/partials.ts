import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { listNames } from '../../state/files.ts';
import { takeKernelLock } from '../../state/kernelLock.ts';
import { downloadFiles, imageFiles } from '../../state/layout.ts';

/** What downloads that were broken off left, by the key of the download. */
export interface Partial {
  readonly key: string;
  readonly paths: readonly string[];
  readonly bytes: number;
}

export function findPartials(home: string): Partial[] {
  const folder = imageFiles(home).partial;
  const names = listNames(folder).filter((name) => !name.endsWith('.lock'));
  const keys = new Set(names.flatMap((name) => /^([0-9a-f]{32}|import)\./.exec(name)?.[1] ?? []));
  return [...keys].sort().map((key) => {
    const paths = names.filter((name) => name.startsWith(`${key}.`)).map((name) => join(folder, name));
    const bytes = paths.reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);
    return { key, paths, bytes };
  });
}

/** Removes what the holder of a download's lock has no more use for; the lock stays. */
export function sweepDownload(home: string, key: string): void {
  const paths = findPartials(home).find((partial) => partial.key === key)?.paths ?? [];
  const { holder } = downloadFiles(home, key);
  for (const path of paths) if (path !== holder) rmSync(path, { force: true });
}

/** False when another process downloads it now. With `dryRun` it only looks whether it could. */
export async function removePartial(home: string, { key, paths }: Partial, dryRun: boolean): Promise<boolean> {
  const free = await takeKernelLock(downloadFiles(home, key).lock);
  if (!free) return false;
  try {
    if (!dryRun) for (const path of paths) rmSync(path, { force: true });
    return true;
  } finally {
    free();
  }
}
