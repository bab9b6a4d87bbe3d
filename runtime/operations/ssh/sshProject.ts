import type { Diagnostic } from '../../contract/diagnostics.ts';
import { CastraError } from '../../contract/failures.ts';
import type { ProjectOptions } from '../../contract/project.ts';
import type { SshTarget } from '../../ssh/target.ts';
import { openState } from '../project/openProject.ts';
import { explainAbsence, onlyOne, vmsCalled } from '../project/vms.ts';
import type { Run } from '../run.ts';
import type { YoungVm } from './awaitLogin.ts';
import { listSshVms, type SshPlace, type SshVm, sshPlace, sshTarget } from './sshFiles.ts';

/** A project as those see it who log in to its VMs. */
export interface SshProject {
  readonly place: SshPlace;
  readonly vms: readonly SshVm[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Works with a broken file too: a running VM can still be inspected. `validate` and `up` report warnings. */
export function openSshProject(options: ProjectOptions): SshProject {
  const { place, project, diagnostics } = openState(options);
  return {
    place: sshPlace(place, options.settings.home),
    vms: listSshVms(place.stateRoot, project?.vms ?? []),
    diagnostics,
  };
}

/** The one running VM that a name means; without a name the only one that runs. */
export function chooseVm(project: SshProject, name: string | undefined): SshTarget {
  if (name === undefined) {
    const runs = ({ live }: SshVm): boolean => live.kind === 'running';
    return requireTarget(project.place, onlyOne(project.vms, runs));
  }
  const found = vmsCalled(project.vms, [name]);
  const running = found.filter((vm) => vm.live.kind === 'running');
  if (running.length > 1) {
    const names = running.map((vm) => vm.name).join(', ');
    throw new CastraError({
      kind: 'usage',
      detail: `"${name}" means ${running.length} running VMs: ${names}. Name one of them.`,
    });
  }
  const [vm = found[0]] = running;
  if (vm === undefined) throw new CastraError({ kind: 'unknown-vm', names: [name], known: [] });
  return requireTarget(project.place, vm);
}

/** Fails with `not-running`. */
export function requireTarget(place: SshPlace, vm: SshVm): SshTarget {
  const target = sshTarget(place, vm);
  if (target) return target;
  throw new CastraError({ kind: 'not-running', vm: vm.name, detail: explainAbsence(vm.name, vm.live) });
}

/** A guest that `up` did not wait for may still be starting for so long after its launch. */
const YOUNG_MS = 120_000;
/** One that `up` gave up waiting for gets this long from now: it may never accept a login. */
const GIVEN_UP_MS = 10_000;

/** Undefined for a VM that is known to let us in, or is older than any start. */
function youngVm({ vms }: SshProject, { vm }: SshTarget): YoungVm | undefined {
  const live = vms.find(({ name }) => name === vm)?.live;
  const record = live?.kind === 'running' ? live.record : undefined;
  if (record === undefined || record.readyAt !== undefined || record.ready.kind !== 'ssh') return undefined;
  const deadline = record.notReady ? Date.now() + GIVEN_UP_MS : Date.parse(record.launchedAt) + YOUNG_MS;
  return Date.now() < deadline ? { record, deadline } : undefined;
}

/**
 * Before a command logs in to a VM that `up` did not wait for. Loaded only then: all other logins are asked nothing
 * beforehand, for that would cost every call time.
 */
export async function untilLogin(project: SshProject, target: SshTarget, run: Run): Promise<void> {
  const young = youngVm(project, target);
  if (young) await (await import('./awaitLogin.ts')).awaitLogin(project.place, young, run);
}
