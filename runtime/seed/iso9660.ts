import { type Extent, SECTOR, sectorsFor, ucs2 } from './isoBytes.ts';
import { jolietDescriptor, primaryDescriptor, type Tree, terminator } from './isoDescriptors.ts';
import { directoryExtent, pathTables } from './isoDirectory.ts';

/** Some readers read ahead, beyond the end of the last file, and fail where the disk ends. */
const PADDING_SECTORS = sectorsFor(300 * 1024);

/** Sectors 0 to 15 belong to the system that boots from the disk (ECMA-119 6.2.1). Nothing does. */
const SYSTEM_AREA_SECTORS = 16;
/** Two descriptors and the terminator. */
const DESCRIPTOR_SECTORS = 3;

const TREES_START = SYSTEM_AREA_SECTORS + DESCRIPTOR_SECTORS;
/** Two path tables and the root folder. */
const TREE_SECTORS = 3;
const FILES_START = TREES_START + 2 * TREE_SECTORS;

/**
 * An ISO 9660 disk (ECMA-119) with the files in its root folder, by exact name in a Joliet tree. Equal input gives
 * equal bytes. Throws a RangeError for a name or label that does not fit; names are the caller's own.
 */
export function isoImage(volumeLabel: string, files: ReadonlyMap<string, Uint8Array>, modified: Date): Buffer {
  checkLabel(volumeLabel);
  const entries = placeFiles(files);
  const end = entries.reduce((sum, { extent }) => sum + sectorsFor(extent.bytes), FILES_START);
  const volume = { label: volumeLabel, sectors: end + PADDING_SECTORS, modified };
  const [primary, joliet] = [treeAt(TREES_START), treeAt(TREES_START + TREE_SECTORS)];
  const image = Buffer.alloc(volume.sectors * SECTOR);
  const put = (bytes: Uint8Array, sector: number) => image.set(bytes, sector * SECTOR);

  put(primaryDescriptor(volume, primary), SYSTEM_AREA_SECTORS);
  put(jolietDescriptor(volume, joliet), SYSTEM_AREA_SECTORS + 1);
  put(terminator(), SYSTEM_AREA_SECTORS + 2);
  const trees = [
    { tree: primary, identify: primaryName },
    { tree: joliet, identify: jolietName },
  ];
  for (const { tree, identify } of trees) {
    const { l, m } = pathTables(tree.root);
    put(l, tree.pathTableL);
    put(m, tree.pathTableM);
    const named = entries.map(({ name, extent }) => ({ identifier: identify(name), extent }));
    put(directoryExtent(tree.root, named, modified), tree.root.sector);
  }
  for (const { content, extent } of entries) put(content, extent.sector);
  return image;
}

function treeAt(sector: number): Tree {
  return { pathTableL: sector, pathTableM: sector + 1, root: { sector: sector + 2, bytes: SECTOR } };
}

interface PlacedFile {
  readonly name: string;
  readonly content: Uint8Array;
  readonly extent: Extent;
}

/** One after the other, each from the beginning of a sector. */
function placeFiles(files: ReadonlyMap<string, Uint8Array>): PlacedFile[] {
  let sector = FILES_START;
  const placed = [...files].map(([name, content]) => {
    const extent = { sector, bytes: content.length };
    sector += sectorsFor(content.length);
    return { name, content, extent };
  });
  const primaryNames = new Set(placed.map(({ name }) => primaryName(name).toString('latin1')));
  if (primaryNames.size < placed.length) throw new RangeError('two file names are the same in capitals');
  return placed;
}

/** 7.4.1 allows d-characters only. 16 characters, because Joliet has no more in the same 32 bytes. */
function checkLabel(label: string): void {
  if (!/^[A-Z0-9_]{1,16}$/.test(label)) throw new RangeError(`not a volume label: ${label}`);
}

/** 7.5.1: capitals, digits and underscores, at least one dot, and a version; up to 30 characters (10.2). */
function primaryName(name: string): Buffer {
  const [stem = '', extension = ''] = splitName(name.toUpperCase().replace(/[^A-Z0-9_.]/g, '_'));
  return Buffer.from(`${stem.replaceAll('.', '_')}.${extension};1`, 'latin1');
}

function splitName(name: string): [string, string] {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)];
}

/** Without `;1`: Joliet readers show names as they are. */
function jolietName(name: string): Buffer {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,28}$/.test(name)) throw new RangeError(`not a file name for a seed: ${name}`);
  return ucs2(name);
}
