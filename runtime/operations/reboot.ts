import type { ProjectConfig } from '../config/project.ts';
import { CastraError, describe, singleFailure, unexpected } from '../contract/failures.ts';
import type { SingleFailure } from '../contract/singleFailure.ts';
import type { RebootOptions, RebootOutcome, VmRebootResult } from '../contract/vms.ts';
import { inspectVm } from '../state/liveness.ts';
import { lockProject } from '../state/lock.ts';
import { warnIfMoved } from './project/moved.ts';
import { openState } from './project/openProject.ts';
import { projectVms, requireRunning, vmsCalled } from './project/vms.ts';
import { type Operation, type Run, tell } from './run.ts';
import { type SshPlace, sshPlace } from './ssh/sshFiles.ts';
import { readyTimeout, rebootVm } from './start/rebootVm.ts';

/** What a guest needs to stop its services; systemd gives each 90 s, which few need. */
const GRACE_MS = 60_000;

/** Reboots running VMs, whose disks stay, and waits until they are ready again. Works with a broken file, like `down`. */
export const reboot: Operation<RebootOptions, RebootOutcome> = async (options, run) => {
  const { place, root, project, diagnostics } = openState(options);
  tell(diagnostics, run);
  const { stateRoot } = place;
  const { home } = options.settings;
  warnIfMoved(place, home, run);
  const named = options.vms ?? [];
  const targets = vmsCalled(projectVms(stateRoot, project?.vms ?? []), named)
    .map(({ name }) => name)
    .filter((name) => named.length > 0 || inspectVm(stateRoot, name).kind === 'running');
  if (root.kind === 'absent' || targets.length === 0) {
    for (const name of named.length > 0 ? targets : []) requireRunning(name, { kind: 'absent' });
    return { value: { vms: [] }, diagnostics };
  }
  const lock = await lockProject({ home, place, command: 'reboot', vms: targets });
  try {
    const wanted: Wanted = { options, project, place: sshPlace(place, home) };
    const vms = await Promise.all(targets.map((vm) => rebootOne(vm, wanted, run)));
    if (run.signal.aborted) throw new CastraError({ kind: 'cancelled' });
    if (vms.some(({ result }) => result === 'failed')) throw new CastraError({ kind: 'reboot-failed', vms });
    return { value: { vms }, diagnostics };
  } finally {
    lock.release();
  }
};

interface Wanted {
  readonly options: RebootOptions;
  readonly project: ProjectConfig | undefined;
  readonly place: SshPlace;
}

/** One VM's failure is its result: the others reboot all the same. */
async function rebootOne(vm: string, { options, project, place }: Wanted, run: Run): Promise<VmRebootResult> {
  try {
    const { record, process } = requireRunning(vm, inspectVm(place.stateRoot, vm));
    const method = options.hard ? 'reset' : 'guest';
    const timeoutMs = options.wait === false ? undefined : (options.timeoutMs ?? readyTimeout(project, vm));
    return await rebootVm({ place, record, process, method, graceMs: GRACE_MS, timeoutMs }, run);
  } catch (error) {
    const failure: SingleFailure = error instanceof CastraError ? singleFailure(error) : unexpected(error);
    if (failure.kind !== 'cancelled') run.report({ type: 'vm.failed', vm, message: describe(failure) });
    return { vm, result: 'failed', failure };
  }
}
