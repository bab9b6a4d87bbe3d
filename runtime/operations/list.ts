import { existsSync } from 'node:fs';
import type { ListOptions } from '../contract/options.ts';
import type { ListedProject, ListedVm, ListOutcome, RunningOperation } from '../contract/outcomes.ts';
import { inspectVm, knownVms } from '../state/liveness.ts';
import { readOperation } from '../state/lock.ts';
import { type KnownProject, knownProjects } from '../state/registry.ts';
import type { Operation } from './run.ts';

/** All projects that ever ran here, and their VMs. From files and the process table alone, so it is quick. */
export const list: Operation<ListOptions, ListOutcome> = ({ settings }) =>
  Promise.resolve({ value: { projects: knownProjects(settings.home).map(describeProject) }, diagnostics: [] });

function describeProject(project: KnownProject): ListedProject {
  const { id, name, configPath, stateRoot, lastUpAt } = project;
  const operation = readOperation(stateRoot);
  const vms = knownVms(stateRoot).map((vm) => describeVm(stateRoot, vm, operation));
  return {
    id,
    name,
    configPath,
    stateRoot,
    lastUpAt,
    configGone: !existsSync(configPath),
    vms,
    leftovers: vms.filter(({ state }) => state === 'stopped' || state === 'crashed').length,
    ...(operation ? { operation } : {}),
  };
}

function describeVm(stateRoot: string, name: string, operation: RunningOperation | undefined): ListedVm {
  const live = inspectVm(stateRoot, name);
  const at = operation?.vms.includes(name) ? operation.command : undefined;
  if (live.kind !== 'running') {
    if (at === 'up') return { name, state: 'starting' };
    return { name, state: live.kind === 'died' ? 'crashed' : 'stopped' };
  }
  const { record } = live;
  return {
    name,
    state: at === 'down' ? 'shutting_down' : at === 'up' && record?.readyAt === undefined ? 'starting' : 'running',
    pid: live.process.pid,
    ...(record ? { sshPort: record.sshPort, uptimeMs: Math.max(0, Date.now() - Date.parse(record.launchedAt)) } : {}),
  };
}
