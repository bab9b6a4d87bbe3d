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

export interface DiskSpace {
  /** What an unprivileged process may still write. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** Of the disk at `path` or, before it exists, at its nearest existing parent. */
export async function readDiskSpace(path: string): Promise<DiskSpace> {
  let folder = path;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const { bavail, blocks, bsize } = await statfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

export const freeDiskBytes = async (path: string): Promise<number> => (await readDiskSpace(path)).freeBytes;
