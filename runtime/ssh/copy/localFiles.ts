import { constants, type Stats } from 'node:fs';
import { chmod, type FileHandle, lstat, mkdir, open, opendir, readlink, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../contract/failures.ts';
import {
  FILLING_MODE,
  type FileFacts,
  type FileSide,
  type FolderEntry,
  kindOf,
  PERMISSIONS,
  type WriteTarget,
} from './fileSide.ts';

const WINDOWS = process.platform === 'win32';
const PRIVATE_FILE = 0o600;
const NONBLOCK = constants.O_NONBLOCK ?? 0;

/** Looked at together: one after the other, each would wait for a thread of its own. */
const ENTRIES_AT_ONCE = 100;

/** Files of this host. */
export const localFiles: FileSide = {
  show: (path) => path,
  join,
  stat: (path, follow) => named(path, () => facts(path, follow)),
  list,
  readLink: (path) => named(path, () => readlink(path)),
  makeLink: (target, path) =>
    named(path, async () => {
      if ((await facts(path, false))?.kind === 'link') await rm(path);
      await symlink(target, path);
    }),
  makeFolder: (path) => named(path, () => mkdir(path, { mode: FILLING_MODE })),
  setMode: (path, mode) => named(path, () => chmod(path, mode)),
  readWhole: (path, size) =>
    named(path, async () => {
      const file = await openSource(path);
      try {
        // One byte more, to see that nothing follows.
        const buffer = Buffer.allocUnsafe(size + 1);
        const { bytesRead } = await file.read(buffer, 0, size + 1, 0);
        return bytesRead === size ? buffer.subarray(0, size) : undefined;
      } finally {
        await file.close();
      }
    }),
  writeWhole: (target, bytes) =>
    named(target.path, async () => {
      const file = await openTarget(target);
      try {
        await writeAll(file, bytes, bytes.length, 0);
        if (target.mode !== undefined && (await file.stat()).isFile()) await file.chmod(target.mode);
      } finally {
        await file.close();
      }
    }),
  openToRead: (path) =>
    named(path, async () => {
      const file = await openSource(path);
      return {
        read: (buffer, length, position) =>
          named(path, async () => (await file.read(buffer, 0, length, position)).bytesRead),
        close: () => file.close(),
      };
    }),
  openToWrite: (target) =>
    named(target.path, async () => {
      const file = await openTarget(target);
      return {
        write: (buffer, length, position) => named(target.path, () => writeAll(file, buffer, length, position)),
        close: async (mode) => {
          try {
            if (mode !== undefined && (await file.stat()).isFile()) await file.chmod(mode);
          } finally {
            await file.close();
          }
        },
      };
    }),
};

/** Without blocking: a FIFO that took the file's place would hold a thread of Node's for ever. */
async function openSource(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | NONBLOCK);
  return checked(file, (found) => found.isFile());
}

async function openTarget({ path, mode, follow }: WriteTarget): Promise<FileHandle> {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW = 0 } = constants;
  const flags = O_WRONLY | O_CREAT | O_TRUNC | NONBLOCK | (follow ? 0 : O_NOFOLLOW);
  const file = await open(path, flags, mode ?? PRIVATE_FILE);
  return checked(file, (found) => found.isFile() || (follow && found.isCharacterDevice()));
}

async function checked(file: FileHandle, isRight: (found: Stats) => boolean): Promise<FileHandle> {
  if (isRight(await file.stat())) return file;
  await file.close();
  throw new Error('it is not a file');
}

async function writeAll(file: FileHandle, buffer: Buffer, length: number, position: number): Promise<void> {
  for (let done = 0; done < length; ) {
    done += (await file.write(buffer, done, length - done, position + done)).bytesWritten;
  }
}

async function* list(path: string): AsyncGenerator<readonly FolderEntry[]> {
  const folder = await named(path, () => opendir(path, { bufferSize: ENTRIES_AT_ONCE }));
  let names: string[] = [];
  const look = () =>
    Promise.all(
      names.map(async (name) => ({ name, facts: await named(join(path, name), () => facts(join(path, name), false)) })),
    );
  for await (const { name } of folder) {
    names.push(name);
    if (names.length < ENTRIES_AT_ONCE) continue;
    yield await look();
    names = [];
  }
  yield await look();
}
async function facts(path: string, follow: boolean): Promise<FileFacts | undefined> {
  try {
    const found = await (follow ? stat(path) : lstat(path));
    return { kind: kindOf(found.mode), size: found.size, mode: WINDOWS ? undefined : found.mode & PERMISSIONS };
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
