import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** A folder may hold millions of files; nobody chooses from more than these. */
const MAX_ENTRIES = 1000;

/** Each symbolic link costs a question to the file system. */
const MAX_LINKS = 100;

/** What is in one folder, and no deeper, so that links cannot lead in circles; empty where nothing can be read. */
export async function listFolder(folder: string): Promise<FolderEntry[]> {
  const entries: FolderEntry[] = [];
  let links = 0;
  try {
    for await (const entry of await opendir(folder, { bufferSize: 256 })) {
      if (entries.length === MAX_ENTRIES) break;
      if (entry.isSymbolicLink()) {
        links += 1;
        const isFolder = links <= MAX_LINKS ? await leadsToFolder(join(folder, entry.name)) : false;
        if (isFolder !== undefined) entries.push({ name: entry.name, isFolder });
      } else if (entry.isFile() || entry.isDirectory()) {
        entries.push({ name: entry.name, isFolder: entry.isDirectory() });
      }
    }
  } catch {
    // A folder that is not there, or not ours to read, offers nothing.
  }
  return entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Undefined for a link that leads nowhere, or in a circle. */
async function leadsToFolder(path: string): Promise<boolean | undefined> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return undefined;
  }
}
