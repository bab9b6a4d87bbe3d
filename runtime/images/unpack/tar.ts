import { type FileHandle, open } from 'node:fs/promises';
import { ImageTooLarge } from '../../disks/diskLimit.ts';
import { Qcow2Error } from '../../disks/qcow2.ts';
import { isTarHeader, TAR_BLOCK } from '../../disks/tarHeader.ts';
import { FILE_MODE } from '../../state/layout.ts';
import { roomAt, writeSparse } from './sparse.ts';
import { read, type TarMember, tarMembers } from './tarMembers.ts';
import type { UnpackRun } from './unpack.ts';

const CHUNK_BYTES = 1024 * 1024;
/** What stands beside a disk in archives of publishers and in OVA files. */
const BESIDE = /\.(?:ovf|mf|cert|nvram|txt|md|json|ya?ml|xml|asc|sig|sha\d+|sha\d+sums?|md5)$/i;
/** A README is smaller, a disk that a machine starts from is larger. */
const MIN_DISK_BYTES = 64 * 1024;
/** How many names a message has. */
const NAMED = 3;

export async function isTar(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TAR_BLOCK), 0, TAR_BLOCK, 0);
    return isTarHeader(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/** Takes the only disk out of a tar archive. Fails with Qcow2Error when there is none, or several. */
export async function extractDisk(path: string, target: string, { maxBytes, signal }: UnpackRun): Promise<void> {
  const archive = await open(path, 'r');
  try {
    const disk = await findDisk(archive);
    if (disk.bytes > maxBytes) throw new ImageTooLarge(disk.bytes, maxBytes);
    const room = await roomAt(target, maxBytes);
    const file = await open(target, 'wx', FILE_MODE);
    try {
      await writeSparse(file, content(archive, disk, signal), room);
    } finally {
      await file.close();
    }
  } finally {
    await archive.close();
  }
}

async function findDisk(archive: FileHandle): Promise<TarMember> {
  const disks: TarMember[] = [];
  try {
    for await (const member of tarMembers(archive))
      if (!BESIDE.test(member.name) && member.bytes >= MIN_DISK_BYTES) disks.push(member);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Qcow2Error(`it is a tar archive that cannot be read: ${reason}`, { cause: error });
  }
  const [disk, second] = disks;
  if (disk && !second) return disk;
  const names = disks.slice(0, NAMED).map(({ name }) => name);
  const found = disks.length === 0 ? 'without a disk' : `with ${disks.length} files (${names.join(', ')}, …)`;
  throw new Qcow2Error(`it is a tar archive ${found}, and Castra takes one with a single disk`, {
    advice: 'Unpack it, and use the disk that is in it.',
  });
}

async function* content(archive: FileHandle, disk: TarMember, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let at = 0;
  let from = disk.start;
  for (const { offset, bytes } of disk.pieces) {
    if (offset < at || offset + bytes > disk.bytes) throw new Qcow2Error('its tar archive is damaged');
    yield* zeros(offset - at, signal);
    for (let done = 0; done < bytes; done += CHUNK_BYTES) {
      signal.throwIfAborted();
      yield await read(archive, from + done, Math.min(CHUNK_BYTES, bytes - done));
    }
    from += bytes;
    at = offset + bytes;
  }
  yield* zeros(disk.bytes - at, signal);
}

function* zeros(bytes: number, signal: AbortSignal): Generator<Uint8Array> {
  const chunk = Buffer.alloc(Math.min(bytes, CHUNK_BYTES));
  for (let done = 0; done < bytes; done += chunk.length) {
    signal.throwIfAborted();
    yield chunk.subarray(0, bytes - done);
  }
}
