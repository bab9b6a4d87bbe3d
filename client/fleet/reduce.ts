import type { Event, EventOf } from '../../runtime/contract/events.ts';
import { describe, type Failure } from '../../runtime/contract/failures.ts';
import type { StatusOutcome } from '../../runtime/contract/vms.ts';
import type { Phase } from '../../runtime/contract/vocabulary.ts';
import { reasonOf } from '../cli/reason.ts';

/** What this window asked for and has not heard the end of. */
export interface Wish {
  readonly verb: Verb;
  readonly step: string;
}

/** Why a VM is not what was asked for: in one line, and all of it. */
export interface FailureNote {
  readonly reason: string;
  readonly text: string;
}

export type Verb = 'up' | 'down' | 'resume';

export interface ProjectState {
  readonly id: string;
  readonly outcome?: StatusOutcome;
  readonly problem?: string;
  readonly wishes: ReadonlyMap<string, Wish>;
  readonly failures: ReadonlyMap<string, FailureNote>;
}

/** Everything that is known, by path of castra.toml. */
export type Fleet = ReadonlyMap<string, ProjectState>;

export const emptyFleet: Fleet = new Map();

export type FleetAction =
  | { readonly type: 'found'; readonly project: string }
  | { readonly type: 'lost'; readonly project: string }
  | { readonly type: 'snapshot'; readonly project: string; readonly outcome: StatusOutcome }
  | { readonly type: 'unreadable'; readonly project: string; readonly problem: string }
  | { readonly type: 'requested'; readonly project: string; readonly verb: Verb; readonly vms: readonly string[] }
  | { readonly type: 'event'; readonly project: string; readonly event: Event }
  /** The command ended; `failure` when it did not do what was asked. */
  | {
      readonly type: 'finished';
      readonly project: string;
      readonly vms: readonly string[];
      readonly failure?: Failure;
    };

/** What is known after something happened. Pure: the tree is drawn from nothing else. */
export function reduce(fleet: Fleet, action: FleetAction): Fleet {
  if (action.type === 'lost') return without(fleet, action.project);
  const before = fleet.get(action.project) ?? newProject(action.project);
  return new Map(fleet).set(action.project, reduceProject(before, action));
}

const newProject = (id: string): ProjectState => ({ id, wishes: new Map(), failures: new Map() });

function without<Value>(map: ReadonlyMap<string, Value>, key: string): ReadonlyMap<string, Value> {
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}

function reduceProject(before: ProjectState, action: Exclude<FleetAction, { type: 'lost' }>): ProjectState {
  switch (action.type) {
    case 'found':
      return before;
    case 'snapshot': {
      const { problem: _gone, ...rest } = before;
      return { ...rest, outcome: action.outcome };
    }
    case 'unreadable':
      return { ...before, problem: action.problem };
    case 'requested':
      return request(before, action.verb, action.vms);
    case 'event':
      return applyEvent(before, action.event);
    case 'finished':
      return finish(before, action.vms, action.failure);
  }
}

const firstStep: Readonly<Record<Verb, string>> = { up: 'starting', down: 'stopping', resume: 'resuming' };

function request(before: ProjectState, verb: Verb, vms: readonly string[]): ProjectState {
  const wishes = new Map(before.wishes);
  const failures = new Map(before.failures);
  for (const vm of vms) {
    wishes.set(vm, { verb, step: firstStep[verb] });
    failures.delete(vm);
  }
  return { ...before, wishes, failures };
}

export const phaseSteps: Readonly<Record<Phase, string>> = {
  image: 'getting its image',
  overlay: 'preparing its disk',
  qemu: 'starting QEMU',
  firmware: 'firmware runs',
  kernel: 'kernel runs',
  network: 'waiting for SSH',
  ready: 'ready',
};

function applyEvent(before: ProjectState, event: Event): ProjectState {
  switch (event.type) {
    case 'vm.phase':
      return step(before, event.vm, phaseSteps[event.phase]);
    case 'image.progress':
      return stepOfImage(before, event);
    case 'vm.ready':
    case 'vm.kept':
    case 'vm.resumed':
    case 'shutdown.completed':
      return { ...before, wishes: without(before.wishes, event.vm) };
    case 'shutdown.cooperative-attempted':
      return step(before, event.vm, 'shutting down');
    case 'shutdown.escalated':
      return step(before, event.vm, `${event.signal} sent`);
    default:
      return before;
  }
}

/** Only for VMs that this window asked for: snapshots show what others do. */
function step(before: ProjectState, vm: string, text: string): ProjectState {
  const wish = before.wishes.get(vm);
  return wish ? { ...before, wishes: new Map(before.wishes).set(vm, { ...wish, step: text }) } : before;
}

/** The command reports for which VMs the image is; `step` leaves out those that this window did not ask for. */
function stepOfImage(before: ProjectState, event: EventOf<'image.progress'>): ProjectState {
  const { receivedBytes: received, totalBytes: total } = event;
  const share = total ? `${Math.floor((received / total) * 100)} %` : `${Math.round(received / 1024 / 1024)} MiB`;
  return event.vms.reduce((state, vm) => step(state, vm, `downloading image ${share}`), before);
}

/** Whatever a command was about has an end: no wish of it outlives it. */
function finish(before: ProjectState, vms: readonly string[], failure?: Failure): ProjectState {
  const wishes = new Map(before.wishes);
  for (const vm of vms) wishes.delete(vm);
  const failures = new Map(before.failures);
  for (const [vm, one] of failuresOf(failure, vms)) failures.set(vm, { reason: reasonOf(one), text: describe(one) });
  return { ...before, wishes, failures };
}

function failuresOf(failure: Failure | undefined, vms: readonly string[]): (readonly [string, Failure])[] {
  if (failure === undefined) return [];
  switch (failure.kind) {
    case 'cancelled':
    case 'busy':
      return [];
    case 'up-failed':
    case 'down-failed':
      return failure.vms.flatMap((vm) => (vm.result === 'failed' ? [[vm.vm, vm.failure] as const] : []));
    default:
      return vms.map((vm) => [vm, failure] as const);
  }
}
