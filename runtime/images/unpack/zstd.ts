import { Qcow2Error } from '../../disks/qcow2.ts';
import { type ByteReader, readBytes } from './zstdBytes.ts';
import { decodeFrame, endsWithChecksum, type FrameDecoder } from './zstdDecoders.ts';

/** https://www.rfc-editor.org/rfc/rfc8878#section-3.1 */
const FRAME = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const RLE = 1;
/** By the two bits that say so: of a dictionary's id, and of the content's size. */
const ID_BYTES = [0, 1, 2, 4] as const;
const SIZE_BYTES = [0, 2, 4, 8] as const;

/** What zstd itself takes by default, as the window is kept in memory. */
const MAX_WINDOW_MIB = 128;
const MIB = 1024 * 1024;

/** Four bytes of zstd may stand for 128 KiB, and a decoder hands out all that it was given: so it is given little. */
const BITE_BYTES = 4096;

/**
 * Unpacks zstd. Fails when the data is damaged or ends early. Each frame is decoded by itself: decoders take a file that
 * ends early for a whole one (nodejs/node#64592), or stop after the first of several frames.
 */
export async function* unpackZstd(
  packed: AsyncIterable<Uint8Array>,
  decode: FrameDecoder = decodeFrame,
): AsyncGenerator<Uint8Array> {
  const reader = readBytes(packed);
  for (let head = await reader.take(4); head; head = await reader.take(4)) {
    const magic = head.readUInt32LE();
    if (magic === FRAME) yield* decode(readFrame(reader, head));
    else if ((magic & ~0xf) >>> 0 === SKIPPABLE) await skip(reader);
    else throw new Error('it is not a zstd frame');
  }
}

async function skip(reader: ByteReader): Promise<void> {
  const size = (await need(reader, 4)).readUInt32LE();
  for await (const _ of reader.pass(size, size));
}

/** All bytes of a frame: its header first, its checksum last if it has one, each in one piece. */
async function* readFrame(reader: ByteReader, magic: Buffer): AsyncGenerator<Uint8Array> {
  const [descriptor = 0] = await need(reader, 1);
  const header = await need(reader, headerBytes(descriptor));
  refuseLargeWindow(descriptor, header);
  yield Buffer.concat([magic, Buffer.of(descriptor), header]);
  for (let isLast = false; !isLast; ) {
    const head = await need(reader, 3);
    const block = head.readUIntLE(0, 3);
    isLast = (block & 1) === 1;
    yield head;
    yield* reader.pass(((block >> 1) & 3) === RLE ? 1 : block >> 3, BITE_BYTES);
  }
  if (endsWithChecksum(descriptor)) yield await need(reader, 4);
}

const isSingleSegment = (descriptor: number): boolean => (descriptor & 0x20) !== 0;

/** How many bytes of a frame's header follow its descriptor. */
function headerBytes(descriptor: number): number {
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 && isSingleSegment(descriptor) ? 1 : SIZE_BYTES[sizeFlag & 3];
  return (isSingleSegment(descriptor) ? 0 : 1) + (ID_BYTES[descriptor & 3] ?? 0) + (sizeBytes ?? 0);
}

/** A frame without a window of its own is no larger than one. */
function refuseLargeWindow(descriptor: number, [window = 0]: Buffer): void {
  if (isSingleSegment(descriptor)) return;
  const base = 2 ** (10 + (window >> 3));
  const mib = Math.ceil((base + (base / 8) * (window & 7)) / MIB);
  if (mib <= MAX_WINDOW_MIB) return;
  throw new Qcow2Error(
    `unpacking it needs ${mib} MiB of memory, because it was compressed with \`--long\`; compress it without that option`,
  );
}

async function need(reader: ByteReader, count: number): Promise<Buffer> {
  const bytes = count === 0 ? Buffer.alloc(0) : await reader.take(count);
  if (bytes === undefined) throw new Error('the data is truncated');
  return bytes;
}
