import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';

export interface HostCapacity {
  readonly cpus: number;
  readonly availableMemoryBytes: number;
}

/** Reads what is free now; a container's limits count (libuv asks the cgroup). */
export function readCapacity(): HostCapacity {
  return { cpus: availableParallelism(), availableMemoryBytes: process.availableMemory() };
}

/** Bytes an unprivileged process may still write at `path` or, before it exists, at its nearest existing parent. */
export async function freeDiskBytes(path: string): Promise<number> {
  let folder = path;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
