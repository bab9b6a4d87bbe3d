import type { Event, EventOf } from '../../runtime/contract/events.ts';
import type { StatusOutcome, VmStatus } from '../../runtime/contract/vms.ts';
import type { ProjectState } from './state.ts';

/**
 * What an event says of a VM is true at once, before the next look at the disk. A look that began earlier does not take
 * it back: `heard` has the time of it.
 */
export function hear(before: ProjectState, event: Event, at: number): ProjectState {
  const { outcome } = before;
  const change = changeOf(event);
  if (outcome === undefined || change === undefined) return before;
  const vms = outcome.vms.map((vm) => (vm.name === change.vm ? change.apply(vm) : vm));
  return { ...before, outcome: { ...outcome, vms }, heard: new Map(before.heard).set(change.vm, at) };
}

interface Change {
  readonly vm: string;
  readonly apply: (status: VmStatus) => VmStatus;
}

function changeOf(event: Event): Change | undefined {
  switch (event.type) {
    case 'vm.launched':
      return { vm: event.vm, apply: (status) => asLaunched(status, event) };
    case 'vm.ready':
    case 'vm.resumed':
      return { vm: event.vm, apply: asRunning };
    case 'vm.kept':
      return { vm: event.vm, apply: (status) => ({ ...asRunning(status), pid: event.pid }) };
    case 'vm.rolled-back':
    case 'shutdown.completed':
      return { vm: event.vm, apply: asStopped };
    default:
      return undefined;
  }
}

function asLaunched(status: VmStatus, { pid, accelerator, forwards, sshPort }: EventOf<'vm.launched'>): VmStatus {
  const { reason: _old, ...rest } = status;
  return { ...rest, state: 'starting', pid, accelerator, forwards, sshPort };
}

function asRunning(status: VmStatus): VmStatus {
  const { reason: _reason, phase: _phase, ...rest } = status;
  return { ...rest, state: 'running' };
}

export function asStopped(status: VmStatus): VmStatus {
  const { name, role, forwards, cpus, memoryMiB, serialLog, undeclared } = status;
  return {
    ...{ name, role, forwards, state: 'stopped' as const },
    ...(cpus === undefined ? {} : { cpus }),
    ...(memoryMiB === undefined ? {} : { memoryMiB }),
    ...(serialLog === undefined ? {} : { serialLog }),
    ...(undeclared === undefined ? {} : { undeclared }),
  };
}

/** What a look saw, but for the VMs of which something newer was heard. */
export function seen(before: ProjectState, outcome: StatusOutcome, began: number): StatusOutcome {
  const newer = (name: string) => (before.heard.get(name) ?? Number.NEGATIVE_INFINITY) > began;
  const known = (name: string) => before.outcome?.vms.find((vm) => vm.name === name);
  return { ...outcome, vms: outcome.vms.map((vm) => (newer(vm.name) && known(vm.name)) || vm) };
}
