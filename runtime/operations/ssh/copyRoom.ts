import { readDiskSpace } from '../../process/host.ts';

const MIB = 1024 ** 2;
/** As for images, this much of the host's disk is left alone; of a small disk, such as a tmpfs, less. */
const SPARE_BYTES = 1024 * MIB;
const SPARE_SHARE = 1 / 20;
/** Looked at before each further part of this size: a copy of a few files fails by itself when the disk is full. */
const STEP_BYTES = 64 * MIB;

/** A file of a guest may have no end, and this host's disk has one: fails before it is full. */
export function roomIn(folder: string, readSpace = readDiskSpace): (bytes: number) => Promise<void> {
  let left = STEP_BYTES;
  let looking: Promise<void> | undefined;
  const look = async () => {
    const { freeBytes, totalBytes } = await readSpace(folder);
    const spare = Math.min(SPARE_BYTES, totalBytes * SPARE_SHARE);
    if (freeBytes < spare) {
      throw new Error(
        `stopped before the disk of this host is full: it has ${Math.floor(freeBytes / MIB)} MiB left at ${folder}`,
      );
    }
    left = STEP_BYTES;
    looking = undefined;
  };
  return async (bytes) => {
    left -= bytes;
    if (left > 0) return;
    // Files are copied side by side: one look is enough for all of them.
    looking ??= look();
    await looking;
  };
}
