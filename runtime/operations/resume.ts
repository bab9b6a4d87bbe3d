import { CastraError, describe, messageOf, singleFailure } from '../contract/failures.ts';
import type { SingleFailure } from '../contract/singleFailure.ts';
import type { ResumeOptions, ResumeOutcome, VmResumeResult } from '../contract/vms.ts';
import { inspectVm } from '../state/liveness.ts';
import { warnIfMoved } from './project/moved.ts';
import { openState } from './project/openProject.ts';
import { takeTurn } from './project/turn.ts';
import { projectVms, requireRunning, vmsCalled } from './project/vms.ts';
import { type Awake, explainStanding, wake } from './project/wake.ts';
import { type Operation, type Run, tell } from './run.ts';

/**
 * Lets VMs continue that stand still: paused over QMP, asleep, or stopped by a full disk of the host. Without names,
 * all that run. Works with a broken file, like `down`.
 */
export const resume: Operation<ResumeOptions, ResumeOutcome> = async (options, run) => {
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
  const lock = await takeTurn({ home, place, command: 'resume', vms: targets }, options.waitLock, run);
  try {
    const vms = await Promise.all(targets.map((vm) => resumeVm(stateRoot, vm, run)));
    if (vms.some(({ result }) => result === 'failed')) throw new CastraError({ kind: 'resume-failed', vms });
    return { value: { vms }, diagnostics };
  } finally {
    lock.release();
  }
};

/** One VM's failure is its result: the others continue all the same. */
async function resumeVm(stateRoot: string, vm: string, run: Run): Promise<VmResumeResult> {
  try {
    return { vm, result: await resumeRunning(stateRoot, vm, run) };
  } catch (error) {
    const failure: SingleFailure =
      error instanceof CastraError ? singleFailure(error) : { kind: 'internal', detail: messageOf(error) };
    run.report({ type: 'vm.failed', vm, message: describe(failure) });
    return { vm, result: 'failed', failure };
  }
}

/** Fails with `not-running`, or with `not-working` for a guest that cannot continue. */
async function resumeRunning(stateRoot: string, vm: string, run: Run): Promise<'resumed' | 'already-running'> {
  const { record } = requireRunning(vm, inspectVm(stateRoot, vm));
  return concludeWake(vm, await wake(stateRoot, record), run);
}

/** Fails with `not-working` for a guest that stays as it is. */
export function concludeWake(vm: string, awake: Awake, run: Run): 'resumed' | 'already-running' {
  switch (awake.kind) {
    case 'was-running':
      return 'already-running';
    case 'resumed':
      run.report({ type: 'vm.resumed', vm, reason: awake.from });
      return 'resumed';
    case 'stays':
      throw new CastraError({ kind: 'not-working', vm, detail: explainStanding(vm, awake.state) });
  }
}
