import { posix } from 'node:path';
import type { Client, SFTPWrapper, Stats } from 'ssh2';
import { messageOf } from '../../contract/failures.ts';
import { FILLING_MODE, type FileFacts, type FileSide, PERMISSIONS } from './fileSide.ts';

/** SSH_FX_NO_SUCH_FILE (draft-ietf-secsh-filexfer-02, 7). */
const NO_SUCH_FILE = 2;
/** SSH_FX_FAILURE: all that version 3 of the protocol has for "exists already", "no space" and the rest. */
const FAILURE = 4;

type Callback<Result> = (error: Error | null | undefined, result: Result) => void;

/** Opens SFTP on a connection. Fails when the guest has no sftp-server. */
export async function openSftp(client: Client): Promise<SFTPWrapper> {
  const sftp = await call<SFTPWrapper>((done) => client.sftp(done));
  // OpenSSH's sftp-server has the two paths of a link the other way round than the draft. ssh2 goes by the name of
  // the SSH server, but dropbear runs OpenSSH's sftp-server, too (ssh2/lib/protocol/SFTP.js, symlink).
  Object.assign(sftp, { _isOpenSSH: true });
  return sftp;
}

const call = <Result>(start: (done: Callback<Result>) => void): Promise<Result> =>
  new Promise((done, fail) => start((error, result) => (error ? fail(error) : done(result))));

/** Files of a guest; `vm` is for messages. */
export function remoteFiles(sftp: SFTPWrapper, vm: string): FileSide {
  const show = (path: string) => `${vm}:${path}`;
  const on = async <Result>(path: string, start: (done: Callback<Result>) => void): Promise<Result> => {
    try {
      return await call(start);
    } catch (error) {
      throw new Error(`${show(path)}: ${explain(error)}`, { cause: error });
    }
  };
  const stat: FileSide['stat'] = async (path, follow) => {
    try {
      return facts(await call<Stats>((done) => (follow ? sftp.stat(path, done) : sftp.lstat(path, done))));
    } catch (error) {
      if (codeOf(error) === NO_SUCH_FILE) return undefined;
      throw new Error(`${show(path)}: ${explain(error)}`, { cause: error });
    }
  };
  return {
    show,
    join: posix.join,
    stat,
    list: async (path) => {
      const entries = await on<{ filename: string }[]>(path, (done) => sftp.readdir(path, done));
      return entries
        .map(({ filename }) => filename)
        .filter((name) => name !== '.' && name !== '..')
        .sort();
    },
    readLink: (path) => on(path, (done) => sftp.readlink(path, done)),
    makeLink: async (target, path) => {
      if ((await stat(path, false))?.kind === 'link') await on(path, (done) => sftp.unlink(path, plain(done)));
      await on(path, (done) => sftp.symlink(target, path, plain(done)));
    },
    makeFolder: (path) => on(path, (done) => sftp.mkdir(path, { mode: FILLING_MODE }, plain(done))),
    setMode: (path, mode) => on(path, (done) => sftp.chmod(path, mode, plain(done))),
    openToRead: async (path) => {
      const handle = await on<Buffer>(path, (done) => sftp.open(path, 'r', done));
      return {
        read: (buffer, length, position) =>
          on<number>(path, (done) => sftp.read(handle, buffer, 0, length, position, done)),
        close: () => on(path, (done) => sftp.close(handle, plain(done))),
      };
    },
    // Programs in the guest may write there anyway, so `follow` protects nothing here.
    openToWrite: async (path, mode) => {
      const attributes = mode === undefined ? {} : { mode };
      const handle = await on<Buffer>(path, (done) => sftp.open(path, 'w', attributes, done));
      return {
        write: (buffer, length, position) =>
          on<void>(path, (done) => sftp.write(handle, buffer, 0, length, position, plain(done))),
        close: async (last) => {
          if (last !== undefined) await on<void>(path, (done) => sftp.fchmod(handle, last, plain(done)));
          await on<void>(path, (done) => sftp.close(handle, plain(done)));
        },
      };
    },
  };
}

const plain =
  (done: Callback<void>) =>
  (error?: Error | null): void =>
    done(error, undefined);

function facts(found: Stats): FileFacts {
  const kind = found.isFile() ? 'file' : found.isDirectory() ? 'folder' : found.isSymbolicLink() ? 'link' : 'other';
  return { kind, size: found.size, mode: found.mode & PERMISSIONS };
}

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

function explain(error: unknown): string {
  const code = codeOf(error);
  if (code === NO_SUCH_FILE) return 'this file or folder does not exist';
  return code === FAILURE ? 'the guest refuses it, for example because its disk is full' : messageOf(error);
}
