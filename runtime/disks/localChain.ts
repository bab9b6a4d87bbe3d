import { realpathSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { Qcow2Error } from './qcow2.ts';

/** QEMU's own limit for the name of a backing file. */
const MAX_NAME = 1023;
/** Real chains of images are shorter; a circle is not. */
const MAX_DEPTH = 50;

/**
 * Refuses an image of the user's that stands on a file outside its own folder. An image that came with a repository
 * could otherwise name any file of this host, and the guest would read it as its disk. Fails with Qcow2Error.
 */
export async function assertLocalChain(path: string): Promise<void> {
  const folder = realpathSync(dirname(path));
  const seen: string[] = [];
  for (let image = path; seen.length < MAX_DEPTH; ) {
    seen.push(image);
    const name = await backingName(image);
    if (name === undefined) return;
    image = locate(name, image, folder);
  }
  throw new Qcow2Error(`it stands on more than ${MAX_DEPTH} files`);
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

/** docs/interop/qcow2.txt: bytes 8 to 15 are the offset of the name, 16 to 19 its length. Undefined for none. */
async function backingName(path: string): Promise<string | undefined> {
  const file = await open(path, 'r');
  try {
    const head = await readAt(file, 0, 20);
    if (head.length < 20 || head.toString('latin1', 0, 4) !== 'QFI\xfb') return undefined;
    const offset = head.readBigUInt64BE(8);
    const length = head.readUInt32BE(16);
    if (offset === 0n) return undefined;
    if (length === 0 || length > MAX_NAME) throw new Qcow2Error('its header is damaged');
    return (await readAt(file, Number(offset), length)).toString('utf8');
  } finally {
    await file.close();
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
