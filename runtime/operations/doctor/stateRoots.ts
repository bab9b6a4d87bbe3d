import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DoctorFinding } from '../../contract/doctor.ts';
import { listNames } from '../../state/files.ts';
import { homeFiles } from '../../state/layout.ts';
import { inspectVm, knownVms } from '../../state/liveness.ts';
import { type KnownProject, knownProjects } from '../../state/registry.ts';
import { examineRoot } from '../../state/stateRoot.ts';
import { type Check, fine, problem } from './finding.ts';

/** Projects whose castra.toml is gone, and what VMs that do not run have left, of every project that is known. */
export const checkStateRoots: Check = ({ settings: { home }, place }) => {
  const known = knownProjects(home);
  const folder = homeFiles(home).projects;
  const roots = new Set([
    ...known.map(({ stateRoot }) => stateRoot),
    ...listNames(folder).map((name) => join(folder, name)),
    ...(place ? [place.stateRoot] : []),
  ]);
  const isOurs = (stateRoot: string) => ['ours', 'unmarked'].includes(examineRoot(home, { stateRoot }).kind);
  const present = [...roots].filter(isOurs);
  const findings = [...known.flatMap(judgeKnown), ...present.flatMap(findLeftovers)];
  const total = present.length === 1 ? '1 project has' : `${present.length} projects have`;
  return [fine('home.projects', `${total} state here`, { projects: present.length }), ...findings];
};

function judgeKnown({ id, name, configPath, stateRoot }: KnownProject): DoctorFinding[] {
  if (existsSync(configPath)) return [];
  const running = knownVms(stateRoot).filter((vm) => inspectVm(stateRoot, vm).kind === 'running');
  const details = { id, configPath, stateRoot, running: running.join(',') };
  if (running.length > 0) {
    const message = `${running.join(', ')} of the project "${name}" ${running.length === 1 ? 'is' : 'are'} running, but ${configPath} is gone.`;
    return [problem('warning', 'home.projects', message, `castra down --project ${id}`, details)];
  }
  const message = `The castra.toml of the known project "${name}" is gone: ${configPath}.`;
  const fix = existsSync(stateRoot) ? `castra clean --state-root ${stateRoot}` : 'castra clean --global';
  return [problem('info', 'home.projects', message, fix, details)];
}

function findLeftovers(stateRoot: string): DoctorFinding[] {
  const left = knownVms(stateRoot).filter((vm) => inspectVm(stateRoot, vm).kind !== 'running');
  if (left.length === 0) return [];
  const message = `${left.join(', ')} ended without \`castra down\`; their files are still in ${stateRoot}.`;
  const fix = `castra clean --state-root ${stateRoot}`;
  return [problem('info', 'home.leftovers', message, fix, { stateRoot, vms: left.join(',') })];
}
