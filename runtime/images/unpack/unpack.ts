import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Qcow2Error } from '../../disks/qcow2.ts';
import { freeDiskBytes } from '../../process/host.ts';
import { FILE_MODE } from '../../state/layout.ts';

export type Packing = 'gz' | 'xz' | 'zst';

const MAGICS: readonly (readonly [Packing, string])[] = [
  ['gz', '1f8b08'],
  ['xz', 'fd377a585a00'],
  ['zst', '28b52ffd'],
];

/** Left on the disk for everything else. */
const RESERVE_BYTES = 256 * 1024 * 1024;
/** No disk of a test VM is larger; a file of a few megabytes can claim to be (a "bomb"). */
const MAX_BYTES = 2 ** 40;
const ZEROS = Buffer.alloc(1024 * 1024);

/** How a file is packed, by its first bytes; undefined when it is not. */
export async function detectPacking(path: string): Promise<Packing | undefined> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
    const head = buffer.subarray(0, bytesRead).toString('hex');
    return MAGICS.find(([, magic]) => head.startsWith(magic))?.[0];
  } finally {
    await file.close();
  }
}

/**
 * Unpacks a file as a stream. What is zero becomes a hole: a raw disk is mostly empty. Fails with Qcow2Error when the
 * packed data is damaged or would fill the disk; the half-made `target` is the caller's to remove.
 */
export async function unpack(path: string, packing: Packing, target: string, signal: AbortSignal): Promise<void> {
  const limit = (await freeDiskBytes(target)) - RESERVE_BYTES;
  const file = await open(target, 'wx', FILE_MODE);
  try {
    const packed = createReadStream(path, { highWaterMark: 256 * 1024 });
    const write = (chunks: AsyncIterable<Uint8Array>) => writeSparse(file, chunks, limit);
    await pipeline(packed, await unpacker(packing), write, { signal });
  } catch (error) {
    if (signal.aborted || error instanceof Qcow2Error || isDiskError(error)) throw error;
    throw new Qcow2Error(`it cannot be unpacked (${packing}): its data is damaged or truncated`, { cause: error });
  } finally {
    await file.close();
  }
}

async function writeSparse(file: FileHandle, chunks: AsyncIterable<Uint8Array>, limit: number): Promise<void> {
  let position = 0;
  let written = 0;
  for await (const chunk of chunks) {
    if (position + chunk.length > MAX_BYTES) throw new Qcow2Error('it is larger than 1 TB when unpacked');
    if (!isZero(chunk)) {
      written += chunk.length;
      if (written > limit) throw new Qcow2Error('its disk does not have enough free space to unpack it');
      await writeAt(file, chunk, position);
    }
    position += chunk.length;
  }
  await file.truncate(position);
}

async function writeAt(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    done += (await file.write(chunk, done, chunk.length - done, position + done)).bytesWritten;
  }
}

const isZero = (chunk: Uint8Array): boolean =>
  chunk.length <= ZEROS.length && ZEROS.subarray(0, chunk.length).equals(chunk);

const isDiskError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO'].includes(String(error.code));

type Unpacker = (packed: AsyncIterable<Buffer>) => AsyncIterable<Uint8Array>;

/** One step of a pipeline. The decoders that are not Node's own are loaded only when they are needed. */
async function unpacker(packing: Packing): Promise<Unpacker | Transform> {
  switch (packing) {
    case 'gz':
      return createGunzip();
    case 'xz':
      return xzUnpacker();
    case 'zst':
      return zstdUnpacker();
  }
}

type Xz = typeof import('xz-decompress');

async function xzUnpacker(): Promise<Unpacker> {
  // A CommonJS package: Node finds it under `default` only, a bundle under its own name as well.
  const loaded: Xz & { readonly default?: Xz } = await import('xz-decompress');
  const { XzReadableStream } = loaded.default ?? loaded;
  return (packed) => Readable.fromWeb(new XzReadableStream(Readable.toWeb(Readable.from(packed))));
}

async function zstdUnpacker(): Promise<Unpacker> {
  const { unpackZstd } = await import('./zstd.ts');
  // A pipeline has more arguments for a step than one.
  return (packed) => unpackZstd(packed);
}
