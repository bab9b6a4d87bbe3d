import { existsSync } from 'node:fs';
import type { ListedProject, ListedVm, ListOptions, ListOutcome, RunningOperation } from '../contract/project.ts';
import { commandEffects } from '../contract/vocabulary.ts';
import { inspectVm, knownVms } from '../state/liveness.ts';
import { operationOn, readOperations } from '../state/operation/announce.ts';
import { type KnownProject, knownProjects } from '../state/registry.ts';
import { examineRoot } from '../state/stateRoot.ts';
import { bootstrapOf } from './project/bootstrapState.ts';
import type { Operation } from './run.ts';

/** All projects that ever ran here, and their VMs. From files and the process table alone, so it is quick. */
export const list: Operation<ListOptions, ListOutcome> = ({ settings }) =>
  Promise.resolve({
    value: { projects: knownProjects(settings.home).map((project) => describeProject(settings.home, project)) },
    diagnostics: [],
  });

/** A folder that is not this project's state root any more has none of its VMs. */
function describeProject(home: string, project: KnownProject): ListedProject {
  const { id, name, configPath, stateRoot, lastUpAt } = project;
  const isOurs = examineRoot(home, project).kind !== 'refused';
  const operations = isOurs ? readOperations(stateRoot) : [];
  const [operation] = operations;
  const vms = isOurs ? knownVms(stateRoot).map((vm) => describeVm(stateRoot, vm, operationOn(operations, vm))) : [];
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
  const at = operation ? commandEffects[operation.command] : 'leaves';
  if (live.kind !== 'running') {
    if (at === 'starts') return { name, state: 'starting' };
    return { name, state: live.kind === 'died' ? 'crashed' : 'stopped' };
  }
  const { record } = live;
  const bootstrap = record && bootstrapOf(stateRoot, record, undefined);
  return {
    name,
    state: at === 'stops' ? 'shutting_down' : at === 'starts' && record?.readyAt === undefined ? 'starting' : 'running',
    pid: live.process.pid,
    ...(record ? { sshPort: record.sshPort, uptimeMs: Math.max(0, Date.now() - Date.parse(record.launchedAt)) } : {}),
    ...(bootstrap ? { bootstrap } : {}),
  };
}
