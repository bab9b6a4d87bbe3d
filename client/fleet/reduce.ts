import type { Event, EventOf } from '../../runtime/contract/events.ts';
import type { Failure } from '../../runtime/contract/failures.ts';
import type { StatusOutcome } from '../../runtime/contract/vms.ts';
import type { Phase } from '../../runtime/contract/vocabulary.ts';
import { say } from '../say.ts';
import { notesOf, stillTrue } from './failures.ts';
import { hear, seen } from './hear.ts';
import { type Fleet, newProject, type ProjectState, type Verb, type Wish } from './state.ts';

/** Times are those of performance.now(). */
export type FleetAction =
  | { readonly type: 'found'; readonly project: string }
  | { readonly type: 'lost'; readonly project: string }
  /** castra.toml was changed: what failed with the text before it may work now. */
  | { readonly type: 'edited'; readonly project: string }
  /** What a look saw that began at that time. */
  | { readonly type: 'snapshot'; readonly project: string; readonly outcome: StatusOutcome; readonly began: number }
  | { readonly type: 'unreadable'; readonly project: string; readonly problem: string }
  | Requested
  /** Other commands of this window come first, which are about these VMs. */
  | {
      readonly type: 'queued';
      readonly project: string;
      readonly request: number;
      readonly waitsFor: readonly string[];
    }
  | { readonly type: 'cancelling'; readonly project: string; readonly request: number }
  | EventHeard
  /** The command ended; `failure` when it did not do what was asked. */
  | Finished;

interface Requested {
  readonly type: 'requested';
  readonly project: string;
  readonly request: number;
  readonly verb: Verb;
  readonly vms: readonly string[];
}

interface EventHeard {
  readonly type: 'event';
  readonly project: string;
  readonly request: number;
  readonly event: Event;
  readonly at: number;
}

interface Finished {
  readonly type: 'finished';
  readonly project: string;
  readonly request: number;
  readonly vms: readonly string[];
  readonly failure?: Failure;
  readonly at: number;
}

/** What is known after something happened. Pure: the tree is drawn from nothing else. */
export function reduce(fleet: Fleet, action: FleetAction): Fleet {
  const { project } = action;
  if (action.type === 'lost') return new Map([...fleet].filter(([id]) => id !== project));
  const before = fleet.get(project) ?? newProject(project);
  return new Map(fleet).set(project, reduceProject(before, action));
}

function reduceProject(before: ProjectState, action: Exclude<FleetAction, { type: 'lost' }>): ProjectState {
  switch (action.type) {
    case 'found':
      return before;
    case 'edited':
      return { ...before, failures: new Map() };
    case 'snapshot':
      return look(before, action.outcome, action.began);
    case 'unreadable':
      return { ...before, problem: action.problem };
    case 'requested':
      return request(before, action);
    case 'queued':
      return step(before, action.request, waiting(action.waitsFor));
    case 'cancelling':
      return step(before, action.request, say('cancelling'));
    case 'event':
      return applyEvent(before, action);
    case 'finished':
      return finish(before, action);
  }
}

function look(before: ProjectState, found: StatusOutcome, began: number): ProjectState {
  const { problem: _gone, ...rest } = before;
  const outcome = seen(before, found, began);
  const declared = outcome.configErrors ? before.declared : outcome.vms.filter(({ undeclared }) => !undeclared);
  return { ...rest, outcome, declared, failures: stillTrue(before, outcome, began) };
}

function request(before: ProjectState, { request: number, verb, vms }: Requested): ProjectState {
  const failures = new Map([...before.failures].filter(([vm]) => !vms.includes(vm)));
  const wishes = vms.map((vm): Wish => ({ request: number, vm, verb, step: firstStep(verb) }));
  return { ...before, wishes: [...before.wishes, ...wishes], failures };
}

function firstStep(verb: Verb): string {
  switch (verb) {
    case 'up':
      return say('starting');
    case 'down':
      return say('stopping');
    case 'resume':
      return say('resuming');
  }
}

export function showPhase(phase: Phase): string {
  switch (phase) {
    case 'image':
      return say('getting its image');
    case 'overlay':
      return say('preparing its disk');
    case 'qemu':
      return say('starting QEMU');
    case 'firmware':
      return say('firmware runs');
    case 'kernel':
      return say('kernel runs');
    case 'network':
      return say('waiting for SSH');
    case 'ready':
      return say('ready');
  }
}

function waiting(vms: readonly string[]): string {
  const [first = '', ...others] = vms;
  if (others.length === 0) return first === '' ? say('waits for its turn') : say('waits for {0}', first);
  return say('waits for {0} and {1} more', first, others.length);
}

function applyEvent(before: ProjectState, { event, request: number, at }: EventHeard): ProjectState {
  const heard = hear(before, event, at);
  switch (event.type) {
    case 'lock.waiting':
      return step(heard, number, waiting(event.vms));
    case 'vm.phase':
      return step(heard, number, showPhase(event.phase), [event.vm]);
    case 'image.progress':
      return step(heard, number, showDownload(event), event.vms);
    case 'vm.ready':
    case 'vm.kept':
    case 'vm.resumed':
    case 'shutdown.completed':
      return { ...heard, wishes: heard.wishes.filter((wish) => wish.request !== number || wish.vm !== event.vm) };
    case 'shutdown.requested':
      return step(heard, number, firstStep('down'), [event.vm]);
    case 'shutdown.cooperative-attempted':
      return step(heard, number, say('shutting down'), [event.vm]);
    case 'shutdown.escalated':
      return step(heard, number, say('{0} sent', event.signal), [event.vm]);
    default:
      return heard;
  }
}

/** Of the wishes of one request, all or those for some VMs. Snapshots show what others do. */
function step(before: ProjectState, number: number, text: string, vms?: readonly string[]): ProjectState {
  const isMeant = ({ request: of, vm }: Wish) => of === number && (vms === undefined || vms.includes(vm));
  return { ...before, wishes: before.wishes.map((wish) => (isMeant(wish) ? { ...wish, step: text } : wish)) };
}

function showDownload({ receivedBytes: received, totalBytes: total }: EventOf<'image.progress'>): string {
  if (total) return say('downloading image {0} %', Math.floor((received / total) * 100));
  return say('downloading image {0} MiB', Math.round(received / 1024 / 1024));
}

/** Whatever a command was about has an end: no wish of it outlives it. */
function finish(before: ProjectState, { request: number, vms, failure, at }: Finished): ProjectState {
  const wishes = before.wishes.filter((wish) => wish.request !== number);
  return { ...before, wishes, failures: new Map([...before.failures, ...notesOf(failure, vms, at)]) };
}
