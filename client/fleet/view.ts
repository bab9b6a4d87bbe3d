import type { RunningOperation } from '../../runtime/contract/project.ts';
import type { VmStatus } from '../../runtime/contract/vms.ts';
import { inWindowWords } from '../cli/windowWords.ts';
import { say } from '../say.ts';
import { asStopped } from './hear.ts';
import { type RowState, stateOf } from './rowState.ts';
import { type Fleet, operationOn, operationsIn, type ProjectState, type Verb } from './state.ts';

export interface VmView {
  readonly name: string;
  readonly state: RowState;
  /** The live step, or why the state is what it is. */
  readonly detail?: string;
  readonly status?: VmStatus;
  /** All that is known of the last failure, until the VM is started again. */
  readonly failure?: string;
  /** castra.toml cannot be read now: this is what it said before. */
  readonly stale?: true;
}

export interface ProjectView {
  /** Path of castra.toml. */
  readonly id: string;
  readonly name: string;
  readonly stateRoot?: string;
  readonly vms: readonly VmView[];
  /** The commands that change the project, from this window or elsewhere. */
  readonly operations: readonly RunningOperation[];
  /** Why what is shown of its VMs may be out of date. */
  readonly problem?: string;
}

/** What the tree shows, projects by path. */
export function view(fleet: Fleet): ProjectView[] {
  return [...fleet.values()].sort((a, b) => a.id.localeCompare(b.id)).map(viewProject);
}

function viewProject(project: ProjectState): ProjectView {
  const { id, outcome, wishes } = project;
  const problem = project.problem ?? problemOfFile(outcome?.configErrors ?? 0);
  const known = knownVms(project);
  const names = new Set([...known.map(({ status }) => status.name), ...wishes.map(({ vm }) => vm)]);
  return {
    id,
    name: outcome?.projectName || id,
    vms: [...names].map((name) =>
      viewVm(
        name,
        known.find(({ status }) => status.name === name),
        project,
      ),
    ),
    ...(outcome ? { stateRoot: outcome.stateRoot } : {}),
    operations: operationsIn(outcome),
    ...(problem === undefined ? {} : { problem: inWindowWords(problem) }),
  };
}

interface KnownVm {
  readonly status: VmStatus;
  readonly stale: boolean;
}

/** Half-typed text takes no VM away: those that the file declared last stay, until it can be read again. */
function knownVms({ outcome, declared, problem }: ProjectState): KnownVm[] {
  const vms = outcome?.vms ?? [];
  if (!outcome?.configErrors) return vms.map((status) => ({ status, stale: problem !== undefined }));
  const live = new Map(vms.map((status) => [status.name, status]));
  const before = declared.map((vm) => {
    const status = live.get(vm.name);
    live.delete(vm.name);
    return { status: status ?? asStopped(vm), stale: status === undefined };
  });
  return [...before, ...[...live.values()].map((status) => ({ status, stale: false }))];
}

function problemOfFile(errors: number): string | undefined {
  if (errors === 0) return undefined;
  if (errors === 1) return say('castra.toml has an error; VMs are shown as it declared them before.');
  return say('castra.toml has {0} errors; VMs are shown as it declared them before.', errors);
}

/** What a row shows while this window waits for what it asked for. */
const wishStates: Readonly<Record<Verb, RowState>> = { up: 'starting', down: 'stopping', resume: 'starting' };

function viewVm(name: string, vm: KnownVm | undefined, project: ProjectState): VmView {
  const known = { name, ...(vm ? { status: vm.status } : {}), ...(vm?.stale ? { stale: true as const } : {}) };
  const [wish, next] = project.wishes.filter((one) => one.vm === name);
  if (wish) {
    const detail = next ? say('{0}, then {1}', wish.step, showVerb(next.verb)) : wish.step;
    return { ...known, state: wishStates[wish.verb], detail };
  }
  const failure = project.failures.get(name);
  const shown = vm ? stateOf(vm.status, operationOn(project.outcome, name)) : ({ state: 'unknown' } as const);
  if (failure === undefined || shown.state === 'running') return { ...known, ...shown };
  const state = shown.state === 'stopped' ? 'failed' : shown.state;
  return { ...known, state, detail: withoutName(name, failure.reason), failure: failure.text };
}

const showVerb = (verb: Verb): string => (verb === 'up' ? say('Up') : verb === 'down' ? say('Down') : say('Resume'));

/** The row begins with its name already. */
function withoutName(name: string, reason: string): string {
  return [`${name}: `, `${name} `].reduce(
    (text, start) => (text.startsWith(start) ? text.slice(start.length) : text),
    reason,
  );
}

/** VMs whose QEMU runs, for the badge and the status bar. */
export function countRunning(projects: readonly ProjectView[]): number {
  const running = projects.flatMap(({ vms }) => vms.filter(({ status }) => status?.pid !== undefined));
  return running.length;
}
