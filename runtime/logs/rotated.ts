import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** The older files of a log, `<log>.1` first, which is the youngest. There may be gaps: a keeper can be killed. */
export function rotatedLogs(path: string): string[] {
  return rotatedNumbers(path).map((number) => `${path}.${number}`);
}

function rotatedNumbers(path: string): number[] {
  const stem = `${basename(path)}.`;
  return namesIn(dirname(path))
    .filter((name) => name.startsWith(stem) && /^[1-9]\d{0,3}$/.test(name.slice(stem.length)))
    .map((name) => Number(name.slice(stem.length)))
    .sort((a, b) => a - b);
}

/** Renames `<log>` to `<log>.1` and so on, and keeps `keep` of them. Only while no process writes to the log. */
export function rotateLog(path: string, keep: number): void {
  if (sizeOf(path) === 0) return;
  for (const number of rotatedNumbers(path).reverse()) {
    if (number >= keep) rmSync(`${path}.${number}`, { force: true });
    else renameSync(`${path}.${number}`, `${path}.${number + 1}`);
  }
  renameSync(path, `${path}.1`);
}

/** 0 when there is none. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
