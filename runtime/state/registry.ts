import { existsSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { object, optional, text } from './decode.ts';
import { ensurePrivateDirectory, listNames, readJsonIfAny, sweepTemporaries, writeFileAtomic } from './files.ts';
import { homeFiles } from './layout.ts';
import { type FolderIdentity, folderIdentity } from './rootClaims.ts';

/** A project that was started here once: what is needed to act on it from anywhere. */
export interface KnownProject {
  /** As config/paths.ts makes it from where the file is. */
  readonly id: string;
  readonly name: string;
  readonly configPath: string;
  readonly stateRoot: string;
  readonly lastUpAt: string;
  /** Which folder castra.toml was in: the same after a rename. */
  readonly folder?: FolderIdentity;
  /** The project's part of its SSH aliases; no two projects have the same. */
  readonly alias?: string;
}

/** One file per project, so that no two of them ever write the same one. Only for the holder of the project's lock. */
export function registerProject(home: string, project: KnownProject): void {
  const folder = homeFiles(home).known;
  ensurePrivateDirectory(home);
  ensurePrivateDirectory(folder);
  const path = join(folder, `${project.id}.json`);
  sweepTemporaries(folder, path);
  writeFileAtomic(path, `${JSON.stringify(project, null, 2)}\n`);
}

export function forgetProject(home: string, id: string): void {
  rmSync(join(homeFiles(home).known, `${id}.json`), { force: true });
}

/** By name, then by id. Files that are not ours are passed over. */
export function knownProjects(home: string): KnownProject[] {
  const folder = homeFiles(home).known;
  return listNames(folder)
    .flatMap((name) => {
      const value = readJsonIfAny(join(folder, name));
      return isKnownProject(value) && name === `${value.id}.json` ? [value] : [];
    })
    .sort((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
}

/** By id, the beginning of an id, or a name that only one project has. */
export function findProject(home: string, wanted: string): KnownProject | undefined {
  const matching = matchingProjects(home, wanted);
  return matching.length === 1 ? matching[0] : undefined;
}

/** All that `wanted` may mean; the only one when it is a whole id. */
export function matchingProjects(home: string, wanted: string): KnownProject[] {
  const projects = knownProjects(home);
  const exact = projects.find((project) => project.id === wanted);
  if (exact) return [exact];
  return projects.filter(({ name, id }) => name === wanted || (wanted !== '' && id.startsWith(wanted)));
}

/**
 * The project's part of its SSH aliases: `wanted`, unless another project here has that already. Two checkouts of one
 * project must not mean different machines by one alias.
 */
export function projectAlias(home: string, id: string, wanted: string): string {
  const projects = knownProjects(home);
  const own = projects.find((project) => project.id === id)?.alias;
  if (own !== undefined && (own === wanted || own.startsWith(`${wanted}-`))) return own;
  const isTaken = projects.some(
    ({ id: other, alias, configPath }) => other !== id && alias === wanted && existsSync(configPath),
  );
  return isTaken ? `${wanted}-${id.slice(0, ALIAS_DIGITS)}` : wanted;
}

const ALIAS_DIGITS = 4;

/**
 * The project that this folder was when it had another path: its castra.toml is gone from there, and the folder is the
 * same one.
 */
export function findMovedFrom(home: string, configPath: string): KnownProject | undefined {
  const gone = knownProjects(home).filter(
    (known) =>
      known.folder !== undefined &&
      known.configPath !== configPath &&
      basename(known.configPath) === basename(configPath) &&
      !existsSync(known.configPath),
  );
  if (gone.length === 0) return undefined;
  const here = folderIdentity(dirname(configPath));
  return gone.find(({ folder }) => folder?.inode === here.inode && folder.device === here.device);
}

const isKnownProject = object<KnownProject>({
  id: text,
  name: text,
  configPath: text,
  stateRoot: text,
  lastUpAt: text,
  folder: optional(object<FolderIdentity>({ device: text, inode: text })),
  alias: optional(text),
});
