import { lstatSync, type Stats } from 'node:fs';
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
import { isSource, isTarget, NO_FILE, PRIVATE_FILE, READ, readSmall, writeFlags, writeSmall } from './localFile.ts';

const WINDOWS = process.platform === 'win32';
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
  // Small files are not worth a thread of Node's, which takes several times as long for each as the disk's cache.
  readWhole: (path, size) => named(path, async () => readSmall(path, size)),
  writeWhole: (target, bytes) => named(target.path, async () => writeSmall(target, bytes)),
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

async function openSource(path: string): Promise<FileHandle> {
  return checked(await open(path, READ), isSource);
}

async function openTarget({ path, mode, follow }: WriteTarget): Promise<FileHandle> {
  return checked(await open(path, writeFlags(follow), mode ?? PRIVATE_FILE), (found) => isTarget(found, follow));
}

async function checked(file: FileHandle, isRight: (found: Stats) => boolean): Promise<FileHandle> {
  if (isRight(await file.stat())) return file;
  await file.close();
  throw new Error(NO_FILE);
}

async function writeAll(file: FileHandle, buffer: Buffer, length: number, position: number): Promise<void> {
  for (let done = 0; done < length; ) {
    done += (await file.write(buffer, done, length - done, position + done)).bytesWritten;
  }
}

async function* list(path: string): AsyncGenerator<readonly FolderEntry[]> {
  const folder = await named(path, () => opendir(path, { bufferSize: ENTRIES_AT_ONCE }));
  let entries: FolderEntry[] = [];
  for await (const { name } of folder) {
    const inside = join(path, name);
    const facts = await named(inside, async () => factsOf(lstatSync(inside, { throwIfNoEntry: false })));
    entries.push({ name, facts });
    if (entries.length < ENTRIES_AT_ONCE) continue;
    yield entries;
    entries = [];
  }
  yield entries;
}

async function facts(path: string, follow: boolean): Promise<FileFacts | undefined> {
  try {
    return factsOf(await (follow ? stat(path) : lstat(path)));
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return;
    throw error;
  }
}

function factsOf(found: Stats | undefined): FileFacts | undefined {
  if (found === undefined) return undefined;
  return { kind: kindOf(found.mode), size: found.size, mode: WINDOWS ? undefined : found.mode & PERMISSIONS };
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
