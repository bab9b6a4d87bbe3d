import { type FileHandle, open } from 'node:fs/promises';
import type { Packing } from './packing.ts';

const XZ_FOOTER_BYTES = 12;
/** Of the index of an xz file: some ten bytes for each block. */
const MAX_INDEX_BYTES = 1024 * 1024;
/** By the two bits of a zstd frame that say so. */
const ZST_SIZE_BYTES = [0, 2, 4, 8] as const;
const ZST_ID_BYTES = [0, 1, 2, 4] as const;

/**
 * How much a packed file holds at least, as it says itself; 0 when it does not say. Only what comes out proves it: a
 * file may have several parts, and can lie. gzip never says: it counts modulo 4 GiB.
 */
export async function contentBytes(path: string, packing: Packing): Promise<number> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    switch (packing) {
      case 'gz':
        return 0;
      case 'xz':
        return await ofXz(file, size);
      case 'zst':
        return ofZst(await readAt(file, 0, 18));
    }
  } finally {
    await file.close();
  }
}

/** https://tukaani.org/xz/xz-file-format.txt: the last stream's index, before its footer, has the size of each block. */
async function ofXz(file: FileHandle, size: number): Promise<number> {
  if (size < 2 * XZ_FOOTER_BYTES) return 0;
  const footer = await readAt(file, size - XZ_FOOTER_BYTES, XZ_FOOTER_BYTES);
  const indexBytes = (footer.readUInt32LE(4) + 1) * 4;
  const start = size - XZ_FOOTER_BYTES - indexBytes;
  if (footer.toString('latin1', 10) !== 'YZ' || indexBytes > MAX_INDEX_BYTES || start < 0) return 0;
  const next = numbers(await readAt(file, start, indexBytes), 1);
  let total = 0;
  for (let records = next(); records > 0; records--) {
    const unpadded = next();
    if (unpadded === 0) return 0;
    total += next();
  }
  return total;
}

/** Numbers with seven bits in each byte; 0 behind the end. */
function numbers(bytes: Buffer, from: number): () => number {
  let at = from;
  return () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
}

/** https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1.1 */
function ofZst(head: Buffer): number {
  const descriptor = head[4] ?? 0;
  const isSingle = (descriptor & 0x20) !== 0;
  const sizeFlag = (descriptor >> 6) & 3;
  const at = 5 + (isSingle ? 0 : 1) + (ZST_ID_BYTES[descriptor & 3] ?? 0);
  const bytes = sizeFlag === 0 && isSingle ? 1 : ZST_SIZE_BYTES[sizeFlag];
  if (bytes === undefined || bytes === 0 || head.length < at + bytes) return 0;
  if (bytes === 8) return Number(head.readBigUInt64LE(at));
  return head.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0);
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
