import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, readlink, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../contract/failures.ts';
import { FILLING_MODE, type FileFacts, type FileSide, PERMISSIONS } from './fileSide.ts';

const WINDOWS = process.platform === 'win32';
const PRIVATE_FILE = 0o600;

/** Files of this host. */
export const localFiles: FileSide = {
  show: (path) => path,
  join,
  stat: (path, follow) => named(path, () => facts(path, follow)),
  list: (path) => named(path, async () => (await readdir(path)).sort()),
  readLink: (path) => named(path, () => readlink(path)),
  makeLink: (target, path) =>
    named(path, async () => {
      if ((await facts(path, false))?.kind === 'link') await rm(path);
      await symlink(target, path);
    }),
  makeFolder: (path) => named(path, () => mkdir(path, { mode: FILLING_MODE })),
  setMode: (path, mode) => named(path, () => chmod(path, mode)),
  openToRead: (path) =>
    named(path, async () => {
      const file = await open(path, 'r');
      return {
        read: (buffer, length, position) =>
          named(path, async () => (await file.read(buffer, 0, length, position)).bytesRead),
        close: () => file.close(),
      };
    }),
  openToWrite: (path, mode, follow) =>
    named(path, async () => {
      const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW = 0 } = constants;
      const file = await open(path, O_WRONLY | O_CREAT | O_TRUNC | (follow ? 0 : O_NOFOLLOW), mode ?? PRIVATE_FILE);
      return {
        write: (buffer, length, position) =>
          named(path, async () => {
            for (let done = 0; done < length; ) {
              done += (await file.write(buffer, done, length - done, position + done)).bytesWritten;
            }
          }),
        close: async (last) => {
          try {
            if (last !== undefined && (await file.stat()).isFile()) await file.chmod(last);
          } finally {
            await file.close();
          }
        },
      };
    }),
};

async function facts(path: string, follow: boolean): Promise<FileFacts | undefined> {
  try {
    const found = await (follow ? stat(path) : lstat(path));
    const kind = found.isFile() ? 'file' : found.isDirectory() ? 'folder' : found.isSymbolicLink() ? 'link' : 'other';
    return { kind, size: found.size, mode: WINDOWS ? undefined : found.mode & PERMISSIONS };
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return;
    throw error;
  }
}

/** Node's messages name the path only for some calls. */
async function named<Result>(path: string, body: () => Promise<Result>): Promise<Result> {
  try {
    return await body();
  } catch (error) {
    const text = messageOf(error);
    throw text.includes(path) ? error : new Error(`${path}: ${text}`, { cause: error });
  }
}
