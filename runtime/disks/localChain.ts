import { realpathSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { inspectQcow2, Qcow2Error } from './qcow2.ts';

/** QEMU's own limit for the name of a backing file. */
const MAX_NAME = 1023;
/** Real chains of images are shorter; a circle is not. */
const MAX_DEPTH = 50;
/** QEMU keeps the extensions of the header in the first cluster, which has no less than 512 bytes. */
const HEAD_BYTES = 4096;
const END_OF_EXTENSIONS = 0;
const BACKING_FORMAT = 0xe2792aca;

/**
 * Refuses an image of the user's that stands on a file outside its own folder. An image that came with a repository
 * could otherwise name any file of this host, and the guest would read it as its disk. Fails with Qcow2Error.
 */
export async function assertLocalChain(path: string): Promise<void> {
  const folder = realpathSync(dirname(path));
  let image = path;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const backing = await readBackingFile(image);
    if (backing === undefined) return;
    image = locate(backing.name, image, folder);
    if (backing.format === 'raw' && !(await hasQcow2Magic(image))) return;
    await inspectBacking(image, backing);
  }
  throw new Qcow2Error(`it stands on more than ${MAX_DEPTH} files`);
}

/** QEMU opens what is damaged, or of a format that is not said, as a raw disk; a VMDK image may name further files. */
async function inspectBacking(path: string, { name, format }: BackingFile): Promise<void> {
  if (format !== undefined && format !== 'qcow2' && format !== 'raw')
    throw new Qcow2Error(`it stands on ${name}, a ${format} image; convert that to qcow2`);
  try {
    await inspectQcow2(path);
  } catch (error) {
    if (!(error instanceof Qcow2Error)) throw error;
    throw new Qcow2Error(`the file ${name} that it stands on cannot be used: ${error.message}`, { cause: error });
  }
}

function locate(name: string, image: string, folder: string): string {
  const plain = name.replace(/^file:/, '');
  // "json:…", "nbd://…" and the like open whatever they say.
  if (/^[a-z0-9+.-]+:/i.test(plain)) throw outside(name);
  const path = realPath(resolve(dirname(image), plain));
  if (path === undefined) throw new Qcow2Error(`the file ${name} that it stands on does not exist`);
  if (!path.startsWith(folder + sep)) throw outside(name);
  return path;
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

const outside = (name: string): Qcow2Error =>
  new Qcow2Error(`it stands on ${name}, which is outside its own folder, so a guest could read that file`);

interface BackingFile {
  readonly name: string;
  /** As the image says; undefined where QEMU would guess. */
  readonly format: string | undefined;
}

/** docs/interop/qcow2.txt: bytes 8 to 15 are the offset of the name, 16 to 19 its length. Undefined for none. */
async function readBackingFile(path: string): Promise<BackingFile | undefined> {
  const file = await open(path, 'r');
  try {
    const head = await readAt(file, 0, HEAD_BYTES);
    if (head.length < 72 || !isQcow2(head)) return undefined;
    const offset = head.readBigUInt64BE(8);
    const length = head.readUInt32BE(16);
    if (offset === 0n) return undefined;
    if (length === 0 || length > MAX_NAME) throw new Qcow2Error('its header is damaged');
    const name = (await readAt(file, Number(offset), length)).toString('utf8');
    return { name, format: backingFormat(head) };
  } finally {
    await file.close();
  }
}

/** Header extensions: a type and a length of 4 bytes each, then the data, padded to 8 bytes. */
function backingFormat(head: Buffer): string | undefined {
  const isOld = head.readUInt32BE(4) === 2;
  if (!isOld && head.length < 104) return undefined;
  const start = isOld ? 72 : head.readUInt32BE(100);
  for (let at = start; at + 8 <= head.length; ) {
    const [type, length] = [head.readUInt32BE(at), head.readUInt32BE(at + 4)];
    if (type === END_OF_EXTENSIONS) return undefined;
    if (type === BACKING_FORMAT) return head.toString('utf8', at + 8, at + 8 + length);
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return undefined;
}

async function hasQcow2Magic(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    return isQcow2(await readAt(file, 0, 4));
  } finally {
    await file.close();
  }
}

const isQcow2 = (head: Buffer): boolean => head.toString('latin1', 0, 4) === 'QFI\xfb';

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
