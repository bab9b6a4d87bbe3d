import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { object, text } from './decode.ts';
import { ensurePrivateDirectory, listNames, readJsonIfAny, sweepTemporaries, writeFileAtomic } from './files.ts';
import { homeFiles } from './layout.ts';

/** A project that was started here once: what is needed to act on it from anywhere. */
export interface KnownProject {
  /** As config/paths.ts makes it from where the file is. */
  readonly id: string;
  readonly name: string;
  readonly configPath: string;
  readonly stateRoot: string;
  readonly lastUpAt: string;
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

const isKnownProject = object<KnownProject>({
  id: text,
  name: text,
  configPath: text,
  stateRoot: text,
  lastUpAt: text,
});
