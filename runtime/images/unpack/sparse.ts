import type { FileHandle } from 'node:fs/promises';
import { ImageTooLarge } from '../../disks/diskLimit.ts';
import { Qcow2Error } from '../../disks/qcow2.ts';
import { freeDiskBytes } from '../../process/host.ts';

/** Left on the disk for everything else: a full disk stops more than this command. */
const RESERVE_BYTES = 1024 ** 3;
const ZEROS = Buffer.alloc(1024 * 1024);

/** What may be written. */
export interface Room {
  /** Of the file, holes included. */
  readonly maxBytes: number;
  /** Of data. */
  readonly freeBytes: number;
}

export async function roomAt(path: string, maxBytes: number): Promise<Room> {
  return { maxBytes, freeBytes: (await freeDiskBytes(path)) - RESERVE_BYTES };
}

/** What is zero becomes a hole: a raw disk is mostly empty. Fails with Qcow2Error when there is no room. */
export async function writeSparse(file: FileHandle, chunks: AsyncIterable<Uint8Array>, room: Room): Promise<void> {
  let position = 0;
  let written = 0;
  for await (const chunk of chunks) {
    if (position + chunk.length > room.maxBytes) throw new ImageTooLarge(undefined, room.maxBytes);
    if (!isZero(chunk)) {
      written += chunk.length;
      if (written > room.freeBytes) throw noRoom();
      await writeAt(file, chunk, position);
    }
    position += chunk.length;
  }
  await file.truncate(position);
}

export const noRoom = (): Qcow2Error =>
  new Qcow2Error('unpacking it would leave less than 1 GiB free on the disk of the image cache', {
    advice: 'Free some space; `castra images prune` removes unused images.',
  });

async function writeAt(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    done += (await file.write(chunk, done, chunk.length - done, position + done)).bytesWritten;
  }
}

const isZero = (chunk: Uint8Array): boolean =>
  chunk.length <= ZEROS.length && ZEROS.subarray(0, chunk.length).equals(chunk);
