import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** A user does not choose from more, and an editor should not have to filter more. */
const MAX_ENTRIES = 1000;

/** A folder may hold millions of files; reading so many takes some ten milliseconds. */
const MAX_READ = 20_000;

/** Each symbolic link costs a question to the file system. */
const MAX_LINKS = 100;

/**
 * What is in one folder, and no deeper, so that links cannot lead in circles; empty where nothing can be read. Of a
 * big folder only names that contain what was typed.
 */
export async function listFolder(folder: string, typed: string): Promise<FolderEntry[]> {
  const all = await readEntries(folder);
  const fitting = all.length > MAX_ENTRIES ? all.filter(({ name }) => name.includes(typed)) : all;
  const sorted = fitting.toSorted((a, b) => (a.name < b.name ? -1 : 1)).slice(0, MAX_ENTRIES);
  let links = 0;
  const entries: FolderEntry[] = [];
  for (const entry of sorted) {
    const { name } = entry;
    if (entry.isFile() || entry.isDirectory()) entries.push({ name, isFolder: entry.isDirectory() });
    if (!entry.isSymbolicLink() || ++links > MAX_LINKS) continue;
    const isFolder = await leadsToFolder(join(folder, name));
    if (isFolder !== undefined) entries.push({ name, isFolder });
  }
  return entries;
}

async function readEntries(folder: string): Promise<Dirent[]> {
  const entries: Dirent[] = [];
  try {
    for await (const entry of await opendir(folder, { bufferSize: 256 })) {
      if (entries.push(entry) === MAX_READ) break;
    }
  } catch {
    // A folder that is not there, or not ours to read, offers nothing.
  }
  return entries;
}

/** Undefined for a link that leads nowhere, or in a circle. */
async function leadsToFolder(path: string): Promise<boolean | undefined> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return undefined;
  }
}
