import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { shortHash, slugify } from './names.ts';

/** What a file's relative paths start from. */
export interface Folders {
  /** Of castra.toml. */
  readonly project: string;
  readonly stateRoot: string;
}

const PROJECT_ID_DIGITS = 16;

/**
 * Tells two projects apart whatever they are called: from the real path of the file's folder, and of the file itself
 * when it has a name of its own.
 */
export function projectId(configPath: string): string {
  return shortHash(basename(configPath) === 'castra.toml' ? dirname(configPath) : configPath, PROJECT_ID_DIGITS);
}

interface NamedPlace {
  /** Castra's. */
  readonly home: string;
  readonly configPath: string;
  /** Of the project. */
  readonly name: string;
}

/**
 * Where a project keeps its state by default. A folder that the project has already wins: after a change of its name
 * its VMs must still be found.
 */
export function defaultStateRoot({ home, configPath, name }: NamedPlace, existing: readonly string[]): string {
  const id = projectId(configPath);
  const projects = join(home, 'projects');
  const known = existing.find((folder) => folder.endsWith(`-${id}`));
  return join(projects, known ?? `${slugify(name, 'project')}-${id}`);
}

/** Relative paths start from the file's folder, except that `.castra/…` means the state root. */
export function resolveOverlay(overlay: string, folders: Folders): string {
  const [first, ...rest] = overlay.split(/[\\/]/);
  return first === '.castra' ? join(folders.stateRoot, ...rest) : resolve(folders.project, overlay);
}

export function defaultOverlay(role: string, stateRoot: string): string {
  return join(stateRoot, 'overlays', `${slugify(role, 'vm')}-${shortHash(role, 6)}-overlay.qcow2`);
}

/** `overlay.qcow2` for replica 0, `overlay-1.qcow2` for replica 1. */
export function replicaOverlay(path: string, index: number): string {
  if (index === 0) return path;
  const name = basename(path);
  const dot = name.lastIndexOf('.');
  const numbered = dot > 0 ? `${name.slice(0, dot)}-${index}${name.slice(dot)}` : `${name}-${index}`;
  return join(dirname(path), numbered);
}

export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** `~/…`, which only the user's own account gives a meaning. */
export const isBelowHome = (path: string): boolean => path.startsWith('~/');

/** With the user's home for `~`. */
export const expandHome = (path: string, home: string): string =>
  isBelowHome(path) ? join(home, path.slice(2)) : path;
