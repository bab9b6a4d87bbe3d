import { closeSync, constants, fchmodSync, fstatSync, openSync, readSync, type Stats, writeSync } from 'node:fs';
import type { WriteTarget } from './fileSide.ts';

export const PRIVATE_FILE = 0o600;
/** With the bits that are never set by a copy: setuid, setgid and sticky. */
const ALL_BITS = 0o7777;
export const NO_FILE = 'it is not a file';

const { O_RDONLY, O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
/** Without blocking: a FIFO that took a file's place would hold us for ever. */
export const READ = O_RDONLY | O_NONBLOCK;
export const writeFlags = (follow: boolean): number =>
  O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW);

export const isSource = (found: Stats): boolean => found.isFile();
export const isTarget = (found: Stats, follow: boolean): boolean =>
  found.isFile() || (follow && found.isCharacterDevice());

/** Undefined when it is of another size. */
export function readSmall(path: string, size: number): Buffer | undefined {
  const file = openSync(path, READ);
  try {
    if (!isSource(fstatSync(file))) throw new Error(NO_FILE);
    // One byte more, to see that nothing follows.
    const buffer = Buffer.allocUnsafe(size + 1);
    return readSync(file, buffer, 0, size + 1, 0) === size ? buffer.subarray(0, size) : undefined;
  } finally {
    closeSync(file);
  }
}

export function writeSmall(target: WriteTarget, bytes: Buffer): void {
  const { path, mode, follow } = target;
  const file = openSync(path, writeFlags(follow), mode ?? PRIVATE_FILE);
  try {
    const found = fstatSync(file);
    if (!isTarget(found, follow)) throw new Error(NO_FILE);
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done, done);
    if (mode !== undefined && found.isFile() && (found.mode & ALL_BITS) !== mode) fchmodSync(file, mode);
  } finally {
    closeSync(file);
  }
}
