import type { VmDefinition } from '../../config/project.ts';
import { CastraError } from '../../contract/failures.ts';
import { knownVms, type Liveness } from '../../state/liveness.ts';
import { readRecord } from '../../state/record.ts';

/** What a name on the command line can mean. */
export interface NamedVm {
  readonly name: string;
  readonly role: string;
}

/** A VM of a project: declared in castra.toml, or known from what it left in the state root. */
export interface ProjectVm extends NamedVm {
  /** Missing when castra.toml does not declare the VM, or has errors. */
  readonly definition?: VmDefinition;
}

/** The declared VMs in the order of the file, then the others. A draft may have VMs without a role; they have no name yet. */
export function projectVms(stateRoot: string, declared: readonly VmDefinition[]): ProjectVm[] {
  const known = declared
    .filter(({ role }) => role !== '')
    .map((definition) => ({ name: definition.name, role: definition.role, definition }));
  const others = knownVms(stateRoot)
    .filter((name) => !known.some((vm) => vm.name === name))
    // A VM that is not declared knows its role from its launch record.
    .map((name) => ({ name, role: readRecord(stateRoot, name)?.role ?? name }));
  return [...known, ...others];
}

/**
 * The VMs that names mean, in the order of `all`. A name is a VM's or, if no VM has it, a role's, which means all VMs of
 * that role. No names: all of them. Fails with `unknown-vm`, naming every name that means nothing.
 */
export function vmsCalled<Vm extends NamedVm>(all: readonly Vm[], names: readonly string[]): Vm[] {
  if (names.length === 0) return [...all];
  const meant = names.map((name) => ({ name, vms: withName(all, name) }));
  const unknown = meant.filter(({ vms }) => vms.length === 0).map(({ name }) => name);
  if (unknown.length > 0) {
    throw new CastraError({ kind: 'unknown-vm', names: unknown, known: all.map((vm) => vm.name) });
  }
  const chosen = new Set(meant.flatMap(({ vms }) => vms));
  return all.filter((vm) => chosen.has(vm));
}

function withName<Vm extends NamedVm>(all: readonly Vm[], name: string): Vm[] {
  const exact = all.filter((vm) => vm.name === name);
  return exact.length > 0 ? exact : all.filter((vm) => vm.role === name);
}

/** The one VM that a name means. Fails with `unknown-vm`, or with `usage` for a role of several VMs. */
export function oneVmCalled<Vm extends NamedVm>(all: readonly Vm[], name: string): Vm {
  const [first, ...rest] = vmsCalled(all, [name]);
  if (first === undefined) throw new CastraError({ kind: 'unknown-vm', names: [name], known: [] });
  if (rest.length === 0) return first;
  const names = [first, ...rest].map((vm) => vm.name).join(', ');
  throw new CastraError({ kind: 'usage', detail: `"${name}" is a role of several VMs. Name one of them: ${names}.` });
}

/** The VM that is meant when none is named: the only one that runs, or the only one there is. Fails with `usage`. */
export function onlyOne<Vm extends NamedVm>(all: readonly Vm[], runs: (vm: Vm) => boolean): Vm {
  const running = all.filter(runs);
  const [first, ...rest] = running.length > 0 ? running : all;
  if (first !== undefined && rest.length === 0) return first;
  if (first === undefined) throw new CastraError({ kind: 'usage', detail: 'This project has no VM.' });
  const which = running.length > 0 ? `${running.length} VMs run` : 'No VM runs, and the project has several';
  const names = [first, ...rest].map(({ name }) => name).join(', ');
  throw new CastraError({ kind: 'usage', detail: `${which}. Name one of them: ${names}.` });
}

/** A running VM whose launch is on record: where it listens is known. Fails with `not-running`. */
export function requireRunning(vm: string, live: Liveness): Extract<Liveness, { kind: 'running' }> & RecordedLaunch {
  if (live.kind === 'running' && live.record) return { ...live, record: live.record };
  throw new CastraError({ kind: 'not-running', vm, detail: explainAbsence(vm, live) });
}

type RecordedLaunch = { readonly record: NonNullable<Extract<Liveness, { kind: 'running' }>['record']> };

/** Why a VM cannot be reached, and what to do: the rest of a sentence, then a sentence. */
export function explainAbsence(vm: string, live: Liveness): string {
  switch (live.kind) {
    case 'absent':
      return `it is stopped. \`castra up ${vm}\` starts it.`;
    case 'ended':
      return `${explainEnd(live)} \`castra up ${vm}\` starts it again.`;
    case 'died':
      return `QEMU crashed or was killed. \`castra up ${vm}\` starts it again; \`castra status\` shows more.`;
    case 'foreign':
      return `its pidfile names pid ${live.pid}, which is another process. \`castra up ${vm}\` starts it.`;
    case 'running':
      return `its launch record is lost, so its ports are unknown. Restart it with \`castra down ${vm}\` and \`castra up ${vm}\`.`;
  }
}

/** How a VM came to an end without a request to Castra: a sentence that begins in lower case. */
export function explainEnd({ record, hostRestarted }: Extract<Liveness, { kind: 'ended' }>): string {
  if (hostRestarted) return 'the host was restarted.';
  return record.pid === undefined ? 'its start did not finish.' : 'the guest powered off.';
}
