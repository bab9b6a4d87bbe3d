import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';

const END_SIGNATURE = 0x06054b50;
const END_SIZE = 22;
const HEADER_SIZE = 46;
const STORED = 0;

/** The files of a ZIP archive by name, unpacked. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT 4.3 */
export function readZip(path: string): Map<string, Buffer> {
  const zip = readFileSync(path);
  const end = zip.length - END_SIZE;
  if (zip.readUInt32LE(end) !== END_SIGNATURE) throw new Error(`${path} is no ZIP archive without a comment`);
  const files = new Map<string, Buffer>();
  let header = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const nameLength = zip.readUInt16LE(header + 28);
    const name = zip.toString('utf8', header + HEADER_SIZE, header + HEADER_SIZE + nameLength);
    files.set(name, contentOf(zip, header));
    header += HEADER_SIZE + nameLength + zip.readUInt16LE(header + 30) + zip.readUInt16LE(header + 32);
  }
  return files;
}

function contentOf(zip: Buffer, header: number): Buffer {
  const local = zip.readUInt32LE(header + 42);
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const packed = zip.subarray(start, start + zip.readUInt32LE(header + 20));
  return zip.readUInt16LE(header + 10) === STORED ? packed : inflateRawSync(packed);
}

/** Writes them below a folder. */
export function writeFiles(folder: string, files: ReadonlyMap<string, Buffer>): void {
  for (const [name, content] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}
