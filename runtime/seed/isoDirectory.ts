import { type Extent, SECTOR, writeBoth16, writeBoth32 } from './isoBytes.ts';

export interface DirectoryEntry {
  readonly identifier: Buffer;
  readonly extent: Extent;
}

/** The identifiers of a folder itself and of the one above it (ECMA-119 7.6.2). */
const SELF = Buffer.of(0);
const PARENT = Buffer.of(1);

const FLAG_DIRECTORY = 0b10;

/** The root folder's extent: itself, its parent, which is itself too, and its files in order (9.3). */
export function directoryExtent(self: Extent, files: readonly DirectoryEntry[], modified: Date): Buffer {
  const sorted = [...files].sort((a, b) => Buffer.compare(a.identifier, b.identifier));
  const records = [
    directoryRecord(SELF, self, FLAG_DIRECTORY, modified),
    directoryRecord(PARENT, self, FLAG_DIRECTORY, modified),
    ...sorted.map(({ identifier, extent }) => directoryRecord(identifier, extent, 0, modified)),
  ];
  const bytes = Buffer.concat(records);
  if (bytes.length > SECTOR) throw new RangeError('too many files, or too long names, for one sector');
  return Buffer.concat([bytes], SECTOR);
}

/** The record of the root folder inside a volume descriptor (8.4.18). */
export function rootRecord(extent: Extent, modified: Date): Buffer {
  return directoryRecord(SELF, extent, FLAG_DIRECTORY, modified);
}

/** 9.1. Its length is even, so there is a byte of padding after a name of even length. */
function directoryRecord(identifier: Buffer, extent: Extent, flags: number, modified: Date): Buffer {
  const length = 33 + identifier.length + (identifier.length % 2 === 0 ? 1 : 0);
  if (length > 255) throw new RangeError('a file name is too long for ISO 9660');
  const record = Buffer.alloc(length);
  record[0] = length;
  writeBoth32(record, 2, extent.sector);
  writeBoth32(record, 10, extent.bytes);
  recordingTime(modified).copy(record, 18);
  record[25] = flags;
  writeBoth16(record, 28, 1);
  record[32] = identifier.length;
  identifier.copy(record, 33);
  return record;
}

/** 9.1.5: seven bytes, years since 1900, no offset from UTC. */
function recordingTime(time: Date): Buffer {
  return Buffer.of(
    time.getUTCFullYear() - 1900,
    time.getUTCMonth() + 1,
    time.getUTCDate(),
    time.getUTCHours(),
    time.getUTCMinutes(),
    time.getUTCSeconds(),
    0,
  );
}

/** A table of all folders, of which there is one (9.4). Returned with the low byte first (L) and the high one (M). */
export function pathTables(root: Extent): { readonly l: Buffer; readonly m: Buffer } {
  const [l, m] = [Buffer.alloc(PATH_TABLE_BYTES), Buffer.alloc(PATH_TABLE_BYTES)];
  l[0] = SELF.length;
  m[0] = SELF.length;
  l.writeUInt32LE(root.sector, 2);
  m.writeUInt32BE(root.sector, 2);
  l.writeUInt16LE(1, 6);
  m.writeUInt16BE(1, 6);
  return { l, m };
}

export const PATH_TABLE_BYTES = 10;
