import { type Extent, SECTOR, ucs2, writeBoth16, writeBoth32 } from './isoBytes.ts';
import { PATH_TABLE_BYTES, rootRecord } from './isoDirectory.ts';

/** Where one of the two trees of the image is. */
export interface Tree {
  readonly pathTableL: number;
  readonly pathTableM: number;
  readonly root: Extent;
}

export interface Volume {
  readonly label: string;
  readonly sectors: number;
  readonly modified: Date;
}

/** How a kind of descriptor writes text: padded with spaces in its own alphabet. */
type Text = (text: string, bytes: number) => Buffer;

const ascii: Text = (text, bytes) => Buffer.from(text.padEnd(bytes), 'latin1').subarray(0, bytes);
const joliet: Text = (text, bytes) => {
  const padded = ucs2(text.padEnd(Math.floor(bytes / 2))).subarray(0, bytes);
  return Buffer.concat([padded], bytes);
};

/** Joliet's mark: UCS-2 level 3 (Joliet specification, "Escape Sequences"). */
const UCS2_LEVEL_3 = '%/E';

/** ECMA-119 8.4: the tree that every reader knows, with names in capitals. */
export function primaryDescriptor(volume: Volume, tree: Tree): Buffer {
  return descriptor(1, volume, tree, ascii);
}

/** 8.5: the same files once more, with their true names. */
export function jolietDescriptor(volume: Volume, tree: Tree): Buffer {
  const result = descriptor(2, volume, tree, joliet);
  result.write(UCS2_LEVEL_3, 88, 'latin1');
  return result;
}

/** 8.3: the last descriptor. */
export function terminator(): Buffer {
  return header(255);
}

/** 8.1: type, standard identifier, version. */
function header(type: number): Buffer {
  const result = Buffer.alloc(SECTOR);
  result[0] = type;
  result.write('CD001', 1, 'latin1');
  result[6] = 1;
  return result;
}

function descriptor(type: number, volume: Volume, tree: Tree, text: Text): Buffer {
  const result = header(type);
  text('', 32).copy(result, 8);
  text(volume.label, 32).copy(result, 40);
  writeBoth32(result, 80, volume.sectors);
  // The only volume of its set, and the first.
  writeBoth16(result, 120, 1);
  writeBoth16(result, 124, 1);
  writeBoth16(result, 128, SECTOR);
  writeBoth32(result, 132, PATH_TABLE_BYTES);
  result.writeUInt32LE(tree.pathTableL, 140);
  result.writeUInt32BE(tree.pathTableM, 148);
  rootRecord(tree.root, volume.modified).copy(result, 156);
  // Volume set, publisher, data preparer and application: empty. Then three names of files: none.
  for (const offset of [190, 318, 446, 574]) text('', 128).copy(result, offset);
  for (const offset of [702, 739, 776]) text('', 37).copy(result, offset);
  for (const offset of [813, 830]) dateAndTime(volume.modified).copy(result, offset);
  for (const offset of [847, 864]) NO_DATE.copy(result, offset);
  result[881] = 1;
  return result;
}

/** 8.4.26.1: digits to hundredths of a second, then the offset from UTC. */
function dateAndTime(time: Date): Buffer {
  const digits = time.toISOString().replace(/\D/g, '').slice(0, 16);
  return Buffer.concat([Buffer.from(digits, 'latin1')], 17);
}

const NO_DATE = Buffer.concat([Buffer.from('0'.repeat(16), 'latin1')], 17);
