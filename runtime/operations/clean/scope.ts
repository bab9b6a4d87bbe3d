import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { ProjectConfig, ProjectPlace } from '../../config/project.ts';
import type { CleanScope } from '../../contract/clean.ts';
import type { Diagnostic } from '../../contract/diagnostics.ts';
import { CastraError, messageOf } from '../../contract/failures.ts';
import type { HostSettings } from '../../contract/project.ts';
import { homeFiles } from '../../state/layout.ts';
import { knownProjects } from '../../state/registry.ts';
import { analyzeProject } from '../project/openProject.ts';
import type { CleanTarget } from './root.ts';

interface Targets {
  readonly targets: readonly CleanTarget[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The state roots that a scope means; those that are not there are left out. */
export function findTargets(scope: CleanScope, settings: HostSettings): Targets {
  switch (scope.kind) {
    case 'project': {
      const { place, project, diagnostics } = analyzeProject({ config: scope.config, settings });
      return { targets: existing([toTarget(place, project)]), diagnostics };
    }
    case 'state-root':
      return { targets: existing([{ stateRoot: scope.path }]), diagnostics: [] };
    case 'all':
      return { targets: distinct([...registered(settings), ...homeRoots(settings.home)]), diagnostics: [] };
  }
}

function toTarget({ stateRoot, name, configPath }: ProjectPlace, project?: ProjectConfig): CleanTarget {
  return { stateRoot, configPath, projectName: name, ...(project ? { project } : {}) };
}

const existing = (targets: readonly CleanTarget[]) => targets.filter(({ stateRoot }) => existsSync(stateRoot));

function registered(settings: HostSettings): CleanTarget[] {
  const targets = knownProjects(settings.home).map((known) =>
    toTarget(known, readProject(known.configPath, known.stateRoot, settings)),
  );
  return existing(targets);
}

/** Undefined when the file is gone, broken, or now keeps its state elsewhere: then it says nothing about this folder. */
function readProject(configPath: string, stateRoot: string, settings: HostSettings): ProjectConfig | undefined {
  try {
    const { project } = analyzeProject({ config: { kind: 'file', path: configPath }, settings });
    return project?.stateRoot === stateRoot ? project : undefined;
  } catch {
    return undefined;
  }
}

/** Projects that ran before there was a registry, or whose entry is lost. A link is not a folder of ours. */
function homeRoots(home: string): CleanTarget[] {
  const { projects } = homeFiles(home);
  try {
    return readdirSync(projects, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => ({ stateRoot: join(projects, name) }));
  } catch (error) {
    if (!existsSync(projects)) return [];
    throw new CastraError({ kind: 'clean-refused', path: projects, detail: `${messageOf(error)}.` }, { cause: error });
  }
}

/** The first one counts: a registered project knows more than a folder. */
function distinct(targets: readonly CleanTarget[]): CleanTarget[] {
  const found = new Map<string, CleanTarget>();
  for (const target of targets) {
    const path = realpathSync(target.stateRoot);
    if (!found.has(path)) found.set(path, target);
  }
  return [...found.values()];
}
