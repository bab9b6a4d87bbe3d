import { posix } from 'node:path';
import type { Client, FileEntryWithStats, SFTPWrapper, Stats } from 'ssh2';
import { messageOf } from '../../contract/failures.ts';
import type { Answers } from './answers.ts';
import { FILLING_MODE, type FileFacts, type FileSide, type FolderEntry, kindOf, PERMISSIONS } from './fileSide.ts';

/** SSH_FX_EOF: also of a folder's entries (draft-ietf-secsh-filexfer-02, 7). */
const END = 1;
/** SSH_FX_NO_SUCH_FILE */
const NO_SUCH_FILE = 2;
/** SSH_FX_FAILURE: all that version 3 of the protocol has for "exists already", "no space" and the rest. */
const FAILURE = 4;
/** Pieces of a folder without an entry, one after the other: a server of good will has none but the last. */
const MAX_EMPTY = 8;

type Callback<Result> = (error: Error | null | undefined, result: Result) => void;
type Start<Result> = (done: Callback<Result>) => void;

/** SFTP on a connection, and the guest's name for messages. */
export interface Sftp {
  readonly sftp: SFTPWrapper;
  readonly vm: string;
  readonly answers: Answers;
}

/** Opens SFTP on a connection. Fails when the guest has no sftp-server. */
export async function openSftp(client: Client, vm: string, answers: Answers): Promise<Sftp> {
  const sftp = await answers.wait(call<SFTPWrapper>((done) => client.sftp(done)));
  // OpenSSH's sftp-server has the two paths of a link the other way round than the draft. ssh2 goes by the name of
  // the SSH server, but dropbear runs OpenSSH's sftp-server, too (ssh2/lib/protocol/SFTP.js, symlink).
  Object.assign(sftp, { _isOpenSSH: true });
  const closed = () => answers.end(new Error('the guest closed the connection'));
  // Without a listener, what it sends wrongly would end the process.
  sftp
    .once('error', (error: Error) => answers.end(error))
    .once('close', closed)
    .once('end', closed);
  client.once('close', closed);
  return { sftp, vm, answers };
}

const call = <Result>(start: Start<Result>): Promise<Result> =>
  new Promise((done, fail) => start((error, result) => (error ? fail(error) : done(result))));

/** Files of a guest. */
export function remoteFiles(session: Sftp): FileSide {
  const { sftp, vm } = session;
  const on = <Result>(path: string, start: Start<Result>): Promise<Result> => request(session, path, start);
  const stat = (path: string, follow: boolean) => statOf(session, path, follow);
  const open = (path: string, flags: 'r' | 'w', mode?: number) =>
    on<Buffer>(path, (done) => sftp.open(path, flags, mode === undefined ? {} : { mode }, done));
  const close = (path: string, handle: Buffer) => on<void>(path, (done) => sftp.close(handle, plain(done)));
  const setMode = (path: string, handle: Buffer, mode: number | undefined) =>
    mode === undefined ? undefined : on<void>(path, (done) => sftp.fchmod(handle, mode, plain(done)));
  return {
    show: (path) => `${vm}:${path}`,
    join: posix.join,
    stat,
    list: (path) => list(session, path),
    readLink: (path) => on(path, (done) => sftp.readlink(path, done)),
    makeLink: async (target, path) => {
      if ((await stat(path, false))?.kind === 'link') await on(path, (done) => sftp.unlink(path, plain(done)));
      await on(path, (done) => sftp.symlink(target, path, plain(done)));
    },
    makeFolder: (path) => on(path, (done) => sftp.mkdir(path, { mode: FILLING_MODE }, plain(done))),
    setMode: (path, mode) => on(path, (done) => sftp.chmod(path, mode, plain(done))),
    readWhole: async (path, size) => {
      const handle = await open(path, 'r');
      // One byte more, to see that nothing follows.
      const buffer = Buffer.allocUnsafe(size + 1);
      const reading = on<number>(path, (done) => sftp.read(handle, buffer, 0, size + 1, 0, done));
      const [count] = await together(reading, close(path, handle));
      return count === size ? buffer.subarray(0, size) : undefined;
    },
    writeWhole: async ({ path, mode }, bytes) => {
      const handle = await open(path, 'w', mode);
      const writing = on<void>(path, (done) => sftp.write(handle, bytes, 0, bytes.length, 0, plain(done)));
      await together(writing, setMode(path, handle, mode), close(path, handle));
    },
    openToRead: async (path) => {
      const handle = await open(path, 'r');
      return {
        read: (buffer, length, position) =>
          on<number>(path, (done) => sftp.read(handle, buffer, 0, length, position, done)),
        close: () => close(path, handle),
      };
    },
    // Programs in the guest may write there anyway, so `follow` protects nothing here.
    openToWrite: async ({ path, mode }) => {
      const handle = await open(path, 'w', mode);
      return {
        write: (buffer, length, position) =>
          on<void>(path, (done) => sftp.write(handle, buffer, 0, length, position, plain(done))),
        close: async (last) => {
          await setMode(path, handle, last);
          await close(path, handle);
        },
      };
    },
  };
}

async function request<Result>({ vm, answers }: Sftp, path: string, start: Start<Result>): Promise<Result> {
  try {
    return await answers.wait(call(start));
  } catch (error) {
    throw new Error(`${vm}:${path}: ${explain(error)}`, { cause: error });
  }
}

async function statOf({ sftp, vm, answers }: Sftp, path: string, follow: boolean): Promise<FileFacts | undefined> {
  try {
    const start: Start<Stats> = (done) => (follow ? sftp.stat(path, done) : sftp.lstat(path, done));
    const facts = factsOf(await answers.wait(call(start)));
    if (facts === undefined) throw new Error('the guest does not say what it is');
    return facts;
  } catch (error) {
    if (codeOf(error) === NO_SUCH_FILE) return undefined;
    throw new Error(`${vm}:${path}: ${explain(error)}`, { cause: error });
  }
}

async function* list({ sftp, vm, answers }: Sftp, path: string): AsyncGenerator<readonly FolderEntry[]> {
  const session = { sftp, vm, answers };
  const handle = await request<Buffer>(session, path, (done) => sftp.opendir(path, done));
  try {
    for (let empty = 0; empty <= MAX_EMPTY; ) {
      const entries = await request<FileEntryWithStats[] | undefined>(session, path, (done) =>
        sftp.readdir(handle, (error, found) =>
          codeOf(error) === END ? done(undefined, undefined) : done(error, found),
        ),
      );
      if (entries === undefined) return;
      const named = entries.filter(({ filename }) => filename !== '.' && filename !== '..');
      empty = named.length === 0 ? empty + 1 : 0;
      yield named.map(({ filename, attrs }) => ({ name: filename, facts: factsOf(attrs) }));
    }
    throw new Error(`${vm}:${path}: this folder has no end`);
  } finally {
    await request(session, path, (done) => sftp.close(handle, plain(done))).catch(() => undefined);
  }
}

/**
 * For requests on a handle, which are sent without waiting for the one before: a server takes them in order. All have
 * been answered when this ends, also after a failure.
 */
async function together<First>(first: Promise<First>, ...rest: (Promise<unknown> | undefined)[]): Promise<[First]> {
  await Promise.allSettled([first, ...rest]);
  await Promise.all(rest);
  return [await first];
}

const plain =
  (done: Callback<void>) =>
  (error?: Error | null): void =>
    done(error, undefined);

/** Version 3 may leave them out of a folder's entries. */
function factsOf({ mode, size }: Partial<Pick<Stats, 'mode' | 'size'>>): FileFacts | undefined {
  if (mode === undefined || size === undefined) return undefined;
  return { kind: kindOf(mode), size, mode: mode & PERMISSIONS };
}

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

function explain(error: unknown): string {
  const code = codeOf(error);
  if (code === NO_SUCH_FILE) return 'this file or folder does not exist';
  return code === FAILURE ? 'the guest refuses it, for example because its disk is full' : messageOf(error);
}
