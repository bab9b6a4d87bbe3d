import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ImageTooLarge } from '../../disks/diskLimit.ts';
import { Qcow2Error } from '../../disks/qcow2.ts';
import { FILE_MODE } from '../../state/layout.ts';
import { contentBytes } from './contentBytes.ts';
import type { Packing } from './packing.ts';
import { roomAt, writeSparse } from './sparse.ts';

export interface UnpackRun {
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/**
 * Unpacks a file as a stream. Fails with Qcow2Error when the packed data is damaged, or larger than allowed; by what it
 * says of itself, before a byte is written. The half-made `target` is the caller's to remove.
 */
export async function unpack(
  path: string,
  packing: Packing,
  target: string,
  { maxBytes, signal }: UnpackRun,
): Promise<void> {
  const room = await roomAt(target, maxBytes);
  const announced = await contentBytes(path, packing);
  if (announced > maxBytes) throw new ImageTooLarge(announced, maxBytes);
  const file = await open(target, 'wx', FILE_MODE);
  // A pipeline may tell instead that a step before this one was closed.
  let refusal: unknown;
  try {
    const packed = createReadStream(path, { highWaterMark: 256 * 1024 });
    const write = (chunks: AsyncIterable<Uint8Array>) =>
      writeSparse(file, chunks, room).catch((error: unknown) => {
        refusal = error;
        throw error;
      });
    await pipeline(packed, await unpacker(packing), write, { signal });
  } catch (reason) {
    const error = refusal ?? reason;
    if (signal.aborted || error instanceof Qcow2Error || isDiskError(error)) throw error;
    throw new Qcow2Error(`it cannot be unpacked (${packing}): its data is damaged or truncated`, { cause: error });
  } finally {
    await file.close();
  }
}

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
