import { closeSync, openSync } from 'node:fs';
import { run } from '../process/spawn.ts';
import { FILE_MODE } from '../state/layout.ts';

/**
 * Copies a disk that no process writes, with all that it is backed by, to one qcow2 file that needs nothing else. Fails
 * with an Error that has qemu-img's own words.
 */
export async function flattenDisk(
  qemuImg: string,
  { from, to, signal }: { readonly from: string; readonly to: string; readonly signal: AbortSignal },
): Promise<void> {
  // Both paths are absolute, so that qemu-img takes no part of them for a protocol.
  closeToOthers(to);
  const result = await run(qemuImg, ['convert', '-f', 'qcow2', '-O', 'qcow2', from, to], { signal });
  if (result.code !== 0) throw new Error(result.stderr.trim() || `qemu-img ended with code ${result.code}`);
}

/** qemu-img opens a file that is there and keeps its mode: a guest's disk is for its owner only, from its first byte on. */
function closeToOthers(path: string): void {
  closeSync(openSync(path, 'wx', FILE_MODE));
}

/** An empty qcow2 file, for QEMU to copy a disk into. */
export async function makeEmptyDisk(
  qemuImg: string,
  { to, bytes, signal }: { readonly to: string; readonly bytes: number; readonly signal: AbortSignal },
): Promise<void> {
  closeToOthers(to);
  const result = await run(qemuImg, ['create', '-q', '-f', 'qcow2', to, String(bytes)], { signal });
  if (result.code !== 0) throw new Error(result.stderr.trim() || `qemu-img ended with code ${result.code}`);
}
