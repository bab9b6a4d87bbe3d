import type { FileHandle } from 'node:fs/promises';
import { isTarHeader, TAR_BLOCK, tarNumber } from '../../disks/tarHeader.ts';

/** A file in a tar archive; what is between its pieces is zero. */
export interface TarMember {
  readonly name: string;
  readonly bytes: number;
  /** In the archive they stand one behind the other from here on. */
  readonly start: number;
  readonly pieces: readonly Piece[];
}

interface Piece {
  readonly offset: number;
  readonly bytes: number;
}

/** Names and attributes of the next member; longer ones are not of a tar program. */
const MAX_ATTRIBUTES = 1024 * 1024;

/** The regular files of an archive: v7, ustar, GNU (with its sparse files) and pax. Fails on damaged ones. */
export async function* tarMembers(file: FileHandle): AsyncGenerator<TarMember> {
  const { size } = await file.stat();
  let next: { readonly name?: string; readonly bytes?: number } = {};
  for (let at = 0; at < size; ) {
    const head = await block(file, at);
    if (head.every((byte) => byte === 0)) return;
    if (!isTarHeader(head)) throw new Error('a header of the archive is damaged');
    const type = String.fromCharCode(head[156] ?? 0);
    const stored = next.bytes ?? tarNumber(head, 124, 12);
    const map = type === 'S' ? await sparseMap(file, head, at + TAR_BLOCK) : undefined;
    const start = map?.start ?? at + TAR_BLOCK;
    const mapped = map?.pieces.reduce((sum, { bytes }) => sum + bytes, 0) ?? stored;
    if (mapped !== stored) throw new Error('the map of a sparse file is damaged');
    if (start + stored > size) throw new Error('the archive is truncated');
    at = start + Math.ceil(stored / TAR_BLOCK) * TAR_BLOCK;
    if (type === 'L' || type === 'x') {
      if (stored > MAX_ATTRIBUTES) throw new Error('the attributes of a file are too long');
      const text = await read(file, start, stored);
      next = { ...next, ...(type === 'L' ? { name: text.toString('utf8').replace(/\0+$/, '') } : paxAttributes(text)) };
      continue;
    }
    if (type === 'g' || type === 'K') continue;
    const { name = ustarName(head) } = next;
    next = {};
    if (map) yield { name, start, bytes: map.bytes, pieces: map.pieces };
    else if (/[07\0]/.test(type)) yield { name, start, bytes: stored, pieces: [{ offset: 0, bytes: stored }] };
  }
}

function ustarName(head: Buffer): string {
  const text = (at: number, length: number) => head.toString('utf8', at, at + length).replace(/\0.*$/s, '');
  const prefix = head.toString('latin1', 257, 263) === 'ustar\0' ? text(345, 155) : '';
  return prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`;
}

/** Lines such as `25 path=images/disk.raw`; each says how long it is. */
function paxAttributes(text: Buffer): { readonly name?: string; readonly bytes?: number } {
  const found = new Map<string, string>();
  for (let at = 0; at < text.length; ) {
    const length = Number.parseInt(text.toString('latin1', at, at + 20), 10);
    if (!(length > 0)) break;
    const [, key = '', value = ''] = /^\d+ ([^=]+)=(.*)\n$/s.exec(text.toString('utf8', at, at + length)) ?? [];
    found.set(key, value);
    at += length;
  }
  if ([...found.keys()].some((key) => key.startsWith('GNU.sparse')))
    throw new Error('it has sparse files in the pax format; pack it with `tar --format=gnu`');
  const [path, size] = [found.get('path'), found.get('size')];
  return { ...(path === undefined ? {} : { name: path }), ...(size === undefined ? {} : { bytes: Number(size) }) };
}

/** GNU's old form: four pieces in the header, then blocks of 21 in front of the data. */
async function sparseMap(file: FileHandle, head: Buffer, from: number) {
  const pieces = piecesOf(head, 386, 4);
  let start = from;
  for (let more = head[482] !== 0; more; ) {
    const extension = await block(file, start);
    pieces.push(...piecesOf(extension, 0, 21));
    more = extension[504] !== 0;
    start += TAR_BLOCK;
  }
  return { pieces, start, bytes: tarNumber(head, 483, 12) };
}

function piecesOf(bytes: Buffer, from: number, count: number): Piece[] {
  return Array.from({ length: count }, (_, index) => from + index * 24)
    .filter((at) => bytes[at] !== 0)
    .map((at) => ({ offset: tarNumber(bytes, at, 12), bytes: tarNumber(bytes, at + 12, 12) }));
}

async function block(file: FileHandle, position: number): Promise<Buffer> {
  return read(file, position, TAR_BLOCK);
}

/** Exactly so many bytes. */
export async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead < length) throw new Error('the archive is truncated');
  return buffer;
}
