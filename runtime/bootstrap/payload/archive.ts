import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Header } from 'tar/header';
import type { Member } from './artifact.ts';
import { PayloadError } from './payload.ts';

const BLOCK = 512;
/** What is handed on at a time: a packet for each small file would cost more than the files. */
const PIECE_BYTES = 128 * 1024;
/** Larger files are streamed. */
const SMALL_BYTES = 1024 * 1024;
/** Of small files, how many are read ahead. */
const AHEAD = 16;
/** Fields of a ustar header. */
const NAME_BYTES = 100;

/** The members as one tar stream. Fails with PayloadError when a file changes while it is read. */
export async function* writeArchive(members: readonly Member[]): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  let bytes = 0;
  for await (const piece of pieces(members)) {
    pending.push(piece);
    bytes += piece.length;
    if (bytes < PIECE_BYTES) continue;
    yield Buffer.concat(pending);
    pending = [];
    bytes = 0;
  }
  yield Buffer.concat([...pending, Buffer.alloc(2 * BLOCK)]);
}

async function* pieces(members: readonly Member[]): AsyncGenerator<Buffer> {
  const ahead = readAhead(members);
  for (const [index, member] of members.entries()) {
    const small = ahead(index);
    yield* headers(member);
    if (member.kind === 'text') yield* padded(member.bytes);
    else if (member.kind === 'file' && small === undefined) yield* streamed(member);
    else if (member.kind === 'file' && small !== undefined) yield* padded(whole(await small, member));
  }
}

type FileMember = Extract<Member, { kind: 'file' }>;

/** Starts to read the small files that come next, and gives out the one that is wanted. */
function readAhead(members: readonly Member[]): (index: number) => Promise<Buffer> | undefined {
  const reading = new Map<number, Promise<Buffer>>();
  let next = 0;
  return (index) => {
    for (; next < Math.min(members.length, index + AHEAD); next++) {
      const member = members[next];
      if (member?.kind !== 'file' || member.size > SMALL_BYTES) continue;
      const content = readFile(member.path);
      // Its failure counts when it is its turn.
      content.catch(() => undefined);
      reading.set(next, content);
    }
    const content = reading.get(index);
    reading.delete(index);
    return content;
  };
}

function whole(bytes: Buffer, { path, size }: FileMember): Buffer {
  if (bytes.length !== size) throw new PayloadError(`${path} changed while it was sent`);
  return bytes;
}

async function* streamed(member: FileMember): AsyncGenerator<Buffer> {
  let read = 0;
  for await (const piece of createReadStream(member.path, { highWaterMark: PIECE_BYTES })) {
    read += (piece as Buffer).length;
    if (read <= member.size) yield piece as Buffer;
  }
  if (read !== member.size) throw new PayloadError(`${member.path} changed while it was sent`);
  yield Buffer.alloc(padding(member.size));
}

function* padded(bytes: Buffer): Generator<Buffer> {
  yield bytes;
  yield Buffer.alloc(padding(bytes.length));
}

const padding = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;

const types = { folder: 'Directory', file: 'File', text: 'File', link: 'SymbolicLink' } as const;

/** Names that do not fit go before in an entry of their own, as GNU tar does it: busybox knows no other way. */
function* headers(member: Member): Generator<Buffer> {
  const name = member.kind === 'folder' ? `${member.name}/` : member.name;
  const target = member.kind === 'link' ? member.target : '';
  if (Buffer.byteLength(target) > NAME_BYTES) yield* longName('NextFileHasLongLinkpath', target);
  if (Buffer.byteLength(name) > NAME_BYTES) yield* longName('NextFileHasLongPath', name);
  yield header({
    path: cut(name),
    mode: member.mode,
    size: sizeOf(member),
    mtime: new Date(member.mtime * 1000),
    type: types[member.kind],
    linkpath: cut(target),
  });
}

function* longName(type: 'NextFileHasLongPath' | 'NextFileHasLongLinkpath', name: string): Generator<Buffer> {
  const bytes = Buffer.from(`${name}\0`);
  yield header({ path: '././@LongLink', mode: 0o644, size: bytes.length, mtime: new Date(0), type });
  yield* padded(bytes);
}

/** At a character, for a reader that looks at the short name too. */
function cut(name: string): string {
  let short = name;
  while (Buffer.byteLength(short) > NAME_BYTES) short = short.slice(0, -1);
  return short;
}

function header(fields: ConstructorParameters<typeof Header>[0] & object): Buffer {
  const block = Buffer.alloc(BLOCK);
  new Header({ uid: 0, gid: 0, ...fields } as ConstructorParameters<typeof Header>[0]).encode(block);
  return block;
}

function sizeOf(member: Member): number {
  if (member.kind === 'file') return member.size;
  return member.kind === 'text' ? member.bytes.length : 0;
}

/** Bytes of the whole stream, for progress. */
export function archiveBytes(members: readonly Member[]): number {
  return members.reduce((sum, member) => sum + BLOCK + sizeOf(member) + padding(sizeOf(member)), 2 * BLOCK);
}
