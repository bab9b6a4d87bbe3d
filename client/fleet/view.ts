import type { RunningOperation } from '../../runtime/contract/project.ts';
import type { VmStatus } from '../../runtime/contract/vms.ts';
import { type Fleet, type ProjectState, phaseSteps, type Verb } from './reduce.ts';

/** What a row shows. */
export type RowState =
  | 'stopped'
  | 'starting'
  | 'running'
  | 'degraded'
  | 'paused'
  | 'stopping'
  | 'failed'
  | 'orphan'
  /** Nothing is known yet. */
  | 'unknown';

export interface VmView {
  readonly name: string;
  readonly state: RowState;
  /** The live step, or why the state is what it is. */
  readonly detail?: string;
  readonly status?: VmStatus;
  /** All that is known of the last failure, until the VM is started again. */
  readonly failure?: string;
}

export interface ProjectView {
  /** Path of castra.toml. */
  readonly id: string;
  readonly name: string;
  readonly stateRoot?: string;
  readonly vms: readonly VmView[];
  /** The command that changes the project, from this window or elsewhere. */
  readonly operation?: RunningOperation;
  /** Why nothing can be said of its VMs. */
  readonly problem?: string;
}

/** What the tree shows, projects by path. */
export function view(fleet: Fleet): ProjectView[] {
  return [...fleet.values()].sort((a, b) => a.id.localeCompare(b.id)).map(viewProject);
}

function viewProject(project: ProjectState): ProjectView {
  const { id, outcome, wishes } = project;
  const problem = project.problem ?? problemOfFile(outcome?.configErrors ?? 0);
  const names = new Set([...(outcome?.vms.map((vm) => vm.name) ?? []), ...wishes.keys()]);
  return {
    id,
    name: outcome?.projectName || id,
    vms: [...names].map((name) => viewVm(name, project)),
    ...(outcome ? { stateRoot: outcome.stateRoot } : {}),
    ...(outcome?.operation ? { operation: outcome.operation } : {}),
    ...(problem === undefined ? {} : { problem }),
  };
}

/** VMs that only the file declares are not shown while it has errors; an empty view would not say why. */
function problemOfFile(errors: number): string | undefined {
  if (errors === 0) return undefined;
  return `castra.toml has ${errors === 1 ? 'an error' : `${errors} errors`}: correct it to see its VMs.`;
}

/** What a row shows while this window waits for what it asked for. */
const wishStates: Readonly<Record<Verb, RowState>> = { up: 'starting', down: 'stopping', resume: 'starting' };

function viewVm(name: string, { outcome, wishes, failures }: ProjectState): VmView {
  const status = outcome?.vms.find((vm) => vm.name === name);
  const known = { name, ...(status ? { status } : {}) };
  const wish = wishes.get(name);
  if (wish) return { ...known, state: wishStates[wish.verb], detail: wish.step };
  const failure = failures.get(name);
  const shown = status ? stateOf(status) : ({ state: 'unknown' } as const);
  if (failure === undefined || shown.state === 'running') return { ...known, ...shown };
  // The row begins with its name already.
  const detail = [`${name}: `, `${name} `].reduce(
    (text, start) => (text.startsWith(start) ? text.slice(start.length) : text),
    failure.reason,
  );
  return { ...known, state: shown.state === 'stopped' ? 'failed' : shown.state, detail, failure: failure.text };
}

function stateOf(status: VmStatus): { readonly state: RowState; readonly detail?: string } {
  const detail = status.reason === undefined ? {} : { detail: status.reason };
  switch (status.state) {
    case 'stopped':
      return { state: 'stopped', ...detail };
    case 'starting':
      return { state: 'starting', ...(status.phase ? { detail: phaseSteps[status.phase] } : {}), ...detail };
    case 'running':
      return status.reason === undefined ? stateOfBootstrap(status) : { state: 'degraded', ...detail };
    case 'paused':
      return { state: 'paused', ...detail };
    case 'shutting_down':
      return { state: 'stopping', ...detail };
    case 'error':
      return { state: status.pid === undefined ? 'failed' : 'degraded', ...detail };
    case 'orphaned':
      return { state: 'orphan', detail: 'not in castra.toml' };
  }
}

/** Of a VM that works: its bootstrap may still run, or have failed. */
function stateOfBootstrap({ bootstrap }: VmStatus): { readonly state: RowState; readonly detail?: string } {
  switch (bootstrap?.state) {
    case 'running':
      return { state: 'running', detail: `bootstrap: ${bootstrap.step ?? 'begins'}` };
    case 'failed': {
      const at = bootstrap.step === undefined ? '' : ` at ${bootstrap.step}`;
      return { state: 'degraded', detail: `bootstrap failed${at}${bootstrap.reason ? `: ${bootstrap.reason}` : ''}` };
    }
    case 'pending':
    case 'done':
    case undefined:
      return { state: 'running' };
  }
}

/** VMs whose QEMU runs, for the badge and the status bar. */
export function countRunning(projects: readonly ProjectView[]): number {
  const running = projects.flatMap(({ vms }) => vms.filter(({ status }) => status?.pid !== undefined));
  return running.length;
}
