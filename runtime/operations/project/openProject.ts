import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { analyzeConfig } from '../../config/analyze.ts';
import type { ConfigAnalysis } from '../../config/configAnalysis.ts';
import { discoverConfig, placeOfText } from '../../config/discover.ts';
import { placeProblem } from '../../config/findings/placeProblem.ts';
import { isSuppressed } from '../../config/findings/suppressions.ts';
import type { HostProblem, ProjectConfig, VmDefinition } from '../../config/project.ts';
import type { Diagnostic } from '../../contract/diagnostics.ts';
import { CastraError, messageOf } from '../../contract/failures.ts';
import type { HostSettings, ProjectOptions } from '../../contract/project.ts';
import { homeFiles } from '../../state/layout.ts';
import { type KnownProject, knownProjects, matchingProjects } from '../../state/registry.ts';
import { requireRoot, type UsableRoot } from '../../state/stateRoot.ts';

/** What operations go by. A project whose file is gone has a place and nothing else. */
export type ProjectAnalysis = Pick<ConfigAnalysis, 'place' | 'project' | 'diagnostics'> &
  Partial<Pick<ConfigAnalysis, 'draft' | 'syntax' | 'placed' | 'suppressions'>>;

/** Reads and analyses the project's file; it may have errors. */
export function analyzeProject({ config, settings }: ProjectOptions): ProjectAnalysis {
  switch (config.kind) {
    case 'project':
      return analyzeKnown(config.id, settings);
    case 'text':
      return analyzeText(config.text, placeOfText(config.path), settings);
    case 'discover':
    case 'file':
      return analyzeFile(discoverConfig(config), settings);
  }
}

/** For what looks into the state root. Fails with `state-root-foreign`, before anything in it was looked at. */
export function openState(options: ProjectOptions): ProjectAnalysis & { readonly root: UsableRoot } {
  const analysis = analyzeProject(options);
  return { ...analysis, root: requireRoot(options.settings.home, analysis.place) };
}

const analyzeFile = (path: string, settings: HostSettings): ProjectAnalysis =>
  analyzeText(readConfig(path), path, settings);

function analyzeText(text: string, path: string, { home }: HostSettings): ProjectAnalysis {
  return analyzeConfig({ text, path, home, knownProjects: listProjects(home) });
}

/** A project whose file is gone still has a state root: its VMs must not become unstoppable. */
function analyzeKnown(id: string, settings: HostSettings): ProjectAnalysis {
  const matching = matchingProjects(settings.home, id);
  const [known, ...others] = matching;
  if (!known || others.length > 0) {
    const found = known ? { matching: matching.map(nameProject) } : {};
    throw new CastraError({
      kind: 'unknown-project',
      id,
      known: knownProjects(settings.home).map(nameProject),
      ...found,
    });
  }
  const { name, configPath, stateRoot } = known;
  if (existsSync(configPath)) return analyzeFile(configPath, settings);
  const message = `${configPath} is gone.`;
  const help = 'You can still stop its VMs with `castra down`, and run `castra clean`.';
  return {
    place: { name, configPath, stateRoot },
    diagnostics: [{ severity: 'error', code: 'config/gone', message, help, path: configPath }],
  };
}

const nameProject = ({ name, id }: KnownProject): string => `${name} (${id})`;

export interface LoadedProject {
  readonly project: ProjectConfig;
  readonly diagnostics: readonly Diagnostic[];
  /** Puts what is wrong with this host at the lines that ask for it; leaves out what a comment there hides. */
  place(problems: readonly HostProblem[]): Diagnostic[];
}

/** Reads a project that is to be started. Fails with `config-invalid`, carrying everything that is wrong. */
export function loadProject(options: ProjectOptions): LoadedProject {
  const { project, place, diagnostics, syntax, placed, suppressions = [] } = analyzeProject(options);
  if (!project || !syntax || !placed) {
    throw new CastraError({ kind: 'config-invalid', path: place.configPath, diagnostics });
  }
  return {
    project,
    diagnostics,
    place: (problems) =>
      problems
        .map((problem) => placeProblem(problem, { place, syntax, placed }))
        .filter((problem) => !isSuppressed(problem, suppressions)),
  };
}

/** The same VMs and all that they need, directly or not, in the order of the file. */
export function withNeeds(all: readonly VmDefinition[], chosen: readonly VmDefinition[]): VmDefinition[] {
  const byName = new Map(all.map((vm) => [vm.name, vm]));
  const wanted = new Set(chosen.map((vm) => vm.name));
  // Iterating a set includes what is added meanwhile.
  for (const name of wanted) for (const need of byName.get(name)?.needs ?? []) wanted.add(need);
  return all.filter((vm) => wanted.has(vm.name));
}

/** Hundreds of times what a project has; reading more takes seconds in which nothing else happens. */
const MAX_CONFIG_BYTES = 2 * 1024 * 1024;

function readConfig(path: string): string {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) throw new Error('it is not a file');
    if (stat.size > MAX_CONFIG_BYTES)
      throw new Error(`it has ${stat.size} bytes, and Castra reads files of at most ${MAX_CONFIG_BYTES}`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CastraError({ kind: 'config-unreadable', path, detail: messageOf(error) }, { cause: error });
  }
}

function listProjects(home: string): string[] {
  try {
    return readdirSync(homeFiles(home).projects);
  } catch {
    return [];
  }
}
