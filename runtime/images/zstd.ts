import { Decompress } from 'fzstd';
import xxhash, { type XXHash, type XXHashAPI } from 'xxhash-wasm';
import { type ByteReader, readBytes } from './zstdBytes.ts';

/** https://www.rfc-editor.org/rfc/rfc8878#section-3.1 */
const FRAME = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const RLE = 1;
/** By the two bits that say so: of a dictionary's id, and of the content's size. */
const ID_BYTES = [0, 1, 2, 4] as const;
const SIZE_BYTES = [0, 2, 4, 8] as const;

/** Four bytes of zstd may stand for 128 KiB, and fzstd hands out all that it was given: so it is given little. */
const BITE_BYTES = 4096;

/**
 * Unpacks zstd, frame after frame, and compares what came of each with the checksum at its end, which fzstd does not.
 * Fails when the data is damaged or ends early.
 *
 * Not with Node's own, which it has from 22.15 on: that takes a file that ends early for a whole one (nodejs/node#64592),
 * and of frames that were written one after the other only the first, or none.
 */
export async function* unpackZstd(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = readBytes(packed);
  const hashes = await xxhash();
  for (let head = await reader.take(4); head; head = await reader.take(4)) {
    const magic = head.readUInt32LE();
    if (magic === FRAME) yield* unpackFrame(reader, head, hashes);
    else if ((magic & ~0xf) >>> 0 === SKIPPABLE) await skip(reader);
    else throw new Error('no zstd frame begins here');
  }
}

async function skip(reader: ByteReader): Promise<void> {
  const size = (await need(reader, 4)).readUInt32LE();
  for await (const _ of reader.pass(size, size));
}

async function* unpackFrame(reader: ByteReader, magic: Buffer, hashes: XXHashAPI): AsyncGenerator<Uint8Array> {
  const descriptor = await need(reader, 1);
  const { headerBytes, hasChecksum } = readDescriptor(descriptor[0] ?? 0);
  const decoder = openDecoder(hashes.create64());
  yield* decoder.push(Buffer.concat([magic, descriptor, await need(reader, headerBytes)]));
  for (let isLast = false; !isLast; ) {
    const head = await need(reader, 3);
    const block = head.readUIntLE(0, 3);
    isLast = (block & 1) === 1;
    yield* decoder.push(head);
    const bytes = ((block >> 1) & 3) === RLE ? 1 : block >> 3;
    for await (const piece of reader.pass(bytes, BITE_BYTES)) yield* decoder.push(piece);
  }
  const checksum = hasChecksum ? await need(reader, 4) : undefined;
  yield* decoder.push(checksum ?? Buffer.alloc(0), true);
  if (checksum && checksum.readUInt32LE() !== decoder.checksum()) throw new Error('its checksum is another one');
}

/** How many bytes of the frame's header follow, and whether a checksum ends the frame. */
function readDescriptor(descriptor: number): { headerBytes: number; hasChecksum: boolean } {
  const sizeFlag = descriptor >> 6;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const windowBytes = isSingleSegment ? 0 : 1;
  const sizeBytes = sizeFlag === 0 && isSingleSegment ? 1 : SIZE_BYTES[sizeFlag & 3];
  const headerBytes = windowBytes + (ID_BYTES[descriptor & 3] ?? 0) + (sizeBytes ?? 0);
  return { headerBytes, hasChecksum: (descriptor & 4) !== 0 };
}

interface Decoder {
  push(bytes: Uint8Array, isLast?: boolean): Uint8Array[];
  /** Of all that was handed out: the lower half of XXH64. */
  checksum(): number;
}

function openDecoder(hash: XXHash<bigint>): Decoder {
  let ready: Uint8Array[] = [];
  const fzstd = new Decompress((chunk) => {
    hash.update(chunk);
    ready.push(chunk);
  });
  return {
    push(bytes, isLast = false) {
      ready = [];
      fzstd.push(bytes, isLast);
      return ready;
    },
    checksum: () => Number(BigInt.asUintN(32, hash.digest())),
  };
}

async function need(reader: ByteReader, count: number): Promise<Buffer> {
  const bytes = count === 0 ? Buffer.alloc(0) : await reader.take(count);
  if (bytes === undefined) throw new Error('the data ends early');
  return bytes;
}
