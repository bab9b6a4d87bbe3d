import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BOOTSTRAP_FILE } from '../../runtime/config/bootstrap/bootstrapProject.ts';

/** One castra.toml or bootstrap.toml on the disk. */
export interface SurveyedFile {
  readonly path: string;
  readonly text: string;
  /** Of the same text, the same object. */
  readonly stamp: string;
}

const FILE_NAME = 'castra.toml';
/** Projects are not deeper, nor in more folders; a workspace may be a whole home, though. */
const MAX_DEPTH = 8;
const MAX_FOLDERS = 5000;
/** A folder with more in it holds data, not projects. */
const MAX_ENTRIES = 2000;
const MAX_FILES = 200;
const MAX_BYTES = 1024 * 1024;

/** The castra.toml files below folders, and each bootstrap.toml in a folder of `bootstrap`; what was read before and did not change is taken from `before`. */
export async function surveyFolders(
  folders: readonly string[],
  before: ReadonlyMap<string, SurveyedFile>,
): Promise<ReadonlyMap<string, SurveyedFile>> {
  const found = new Map<string, SurveyedFile>();
  for (const path of await findFiles(folders)) {
    const file = await readSurveyed(path, before.get(path));
    if (file) found.set(path, file);
  }
  return found;
}

/** Those of the files that were found before that exist. */
export async function stillThere(files: ReadonlyMap<string, SurveyedFile>): Promise<ReadonlyMap<string, SurveyedFile>> {
  const kept = await Promise.all(
    [...files].map(async (entry) => (await stat(entry[0]).catch(() => undefined)) && entry),
  );
  return new Map(kept.filter((entry) => entry !== undefined));
}

/** Breadth first, so that limits cut off what is deep. Links are not followed: they may lead in circles. */
async function findFiles(folders: readonly string[]): Promise<readonly string[]> {
  const queue = folders.map((path) => ({ path, depth: 0 }));
  const found = new Set<string>();
  for (let at = 0; at < queue.length && at < MAX_FOLDERS && found.size < MAX_FILES; at++) {
    const { path, depth } = queue[at] ?? { path: '', depth: MAX_DEPTH };
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    for (const name of basename(dirname(path)) === 'bootstrap' ? [FILE_NAME, BOOTSTRAP_FILE] : [FILE_NAME]) {
      if (entries.some((entry) => entry.name === name && entry.isFile())) found.add(join(path, name));
    }
    if (depth >= MAX_DEPTH || entries.length > MAX_ENTRIES) continue;
    for (const entry of entries) {
      if (entry.isDirectory() && isProjects(entry.name)) queue.push({ path: join(path, entry.name), depth: depth + 1 });
    }
  }
  return [...found];
}

const isProjects = (name: string): boolean => name !== 'node_modules' && !name.startsWith('.');

/** Undefined for what cannot be read; `before` itself while the file is the same. */
export async function readSurveyed(path: string, before: SurveyedFile | undefined): Promise<SurveyedFile | undefined> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    const stamp = `${mtimeMs} ${size} ${ino}`;
    if (size > MAX_BYTES) return undefined;
    return before?.stamp === stamp ? before : { path, text: await readFile(path, 'utf8'), stamp };
  } catch {
    // Gone since it was listed, or not for us to read.
    return undefined;
  }
}
