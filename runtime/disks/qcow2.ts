import { type FileHandle, open } from 'node:fs/promises';

/** What a qcow2 file says about itself (QEMU's docs/interop/qcow2.txt). */
export interface Qcow2Info {
  readonly virtualBytes: number;
}

/** Why a file cannot be the base of an overlay; one sentence without a full stop. */
export class Qcow2Error extends Error {
  /** What to do, as a whole sentence; undefined where that is the same as for every image. */
  readonly advice: string | undefined;

  constructor(message: string, extra: { readonly cause?: unknown; readonly advice?: string } = {}) {
    super(message, { cause: extra.cause });
    this.advice = extra.advice;
  }
}

const MAGIC = 0x514649fb;
/** Bits 9 to 55 of a table entry hold a host offset. */
const OFFSET_MASK = 0x00fffffffffffe00n;
const COMPRESSED = 1n << 62n;
/** QEMU's own limit: 32 MiB of table. */
const MAX_L1_ENTRIES = (32 * 1024 * 1024) / 8;
/** Incompatible features: data in a file of its own; L2 entries of 16 bytes. */
const EXTERNAL_DATA = 1n << 2n;
const EXTENDED_L2 = 1n << 4n;

interface Header {
  readonly virtualBytes: bigint;
  readonly clusterBits: number;
  readonly l1Entries: number;
  readonly l1Offset: number;
  readonly entryBytes: 8 | 16;
}

/**
 * Checks that a file is a qcow2 image and that nothing it refers to lies behind its end. QEMU opens a truncated image
 * without complaint and reads zeros, so a half-copied base image would only show as a guest that does not boot.
 * Reads the two levels of mapping tables: 64 KiB for each 512 MiB of disk.
 */
export async function inspectQcow2(path: string): Promise<Qcow2Info> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const header = await readHeader(file, size);
    for await (const end of dataEnds(file, header, size)) {
      if (end > size) throw new Qcow2Error(`it is truncated: it should have ${end} bytes, but has ${size}`);
    }
    return { virtualBytes: Number(header.virtualBytes) };
  } finally {
    await file.close();
  }
}

async function readHeader(file: FileHandle, size: number): Promise<Header> {
  const bytes = await readAt(file, 0, Math.min(104, size));
  if (bytes.length < 4 || bytes.readUInt32BE(0) !== MAGIC) throw new Qcow2Error('it is not a qcow2 image');
  if (bytes.length < 72) throw new Qcow2Error('it is truncated within its header');
  const version = bytes.readUInt32BE(4);
  if (version !== 2 && version !== 3)
    throw new Qcow2Error(`it is qcow2 version ${version}, which Castra does not support`);
  if (bytes.readUInt32BE(32) !== 0) throw new Qcow2Error('it is encrypted, and Castra has no key for it');
  const clusterBits = bytes.readUInt32BE(20);
  const l1Entries = bytes.readUInt32BE(36);
  if (clusterBits < 9 || clusterBits > 21 || l1Entries > MAX_L1_ENTRIES) throw new Qcow2Error('its header is damaged');
  const features = version === 3 && bytes.length >= 80 ? bytes.readBigUInt64BE(72) : 0n;
  if ((features & EXTERNAL_DATA) !== 0n) throw new Qcow2Error('it keeps its data in another file');
  return {
    virtualBytes: bytes.readBigUInt64BE(24),
    clusterBits,
    l1Entries,
    l1Offset: Number(bytes.readBigUInt64BE(40)),
    entryBytes: (features & EXTENDED_L2) === 0n ? 8 : 16,
  };
}

/** The end of each thing that the tables refer to, in bytes. */
async function* dataEnds(file: FileHandle, header: Header, size: number): AsyncGenerator<number> {
  const { l1Offset, l1Entries, clusterBits, entryBytes } = header;
  const clusterBytes = 2 ** clusterBits;
  const l1Bytes = l1Entries * 8;
  yield l1Offset + l1Bytes;
  if (l1Offset + l1Bytes > size) return;
  const l1 = await readAt(file, l1Offset, l1Bytes);
  for (let entry = 0; entry < l1.length; entry += 8) {
    const l2Offset = Number(l1.readBigUInt64BE(entry) & OFFSET_MASK);
    if (l2Offset === 0) continue;
    yield l2Offset + clusterBytes;
    if (l2Offset + clusterBytes > size) return;
    yield lastEnd(await readAt(file, l2Offset, clusterBytes), entryBytes, clusterBits);
  }
}

/** The farthest byte that one L2 table refers to. The last cluster of a file may be cut at its last sector. */
function lastEnd(l2: Buffer, entryBytes: number, clusterBits: number): number {
  let end = 0;
  for (let at = 0; at + 8 <= l2.length; at += entryBytes) {
    const entry = l2.readBigUInt64BE(at);
    const start = (entry & COMPRESSED) === 0n ? entry & OFFSET_MASK : lastCompressedSector(entry, clusterBits);
    if (start !== 0n) end = Math.max(end, Number(start) + 1);
  }
  return end;
}

/** A compressed cluster: its byte offset, and above that the number of sectors after the first that it reaches into. */
function lastCompressedSector(entry: bigint, clusterBits: number): bigint {
  const offsetBits = BigInt(62 - (clusterBits - 8));
  const offset = entry & ((1n << offsetBits) - 1n);
  const sectors = (entry & (COMPRESSED - 1n)) >> offsetBits;
  return sectors === 0n ? offset : (offset & ~511n) + sectors * 512n;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
