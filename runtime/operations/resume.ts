import { CastraError, describe, messageOf, singleFailure } from '../contract/failures.ts';
import type { SingleFailure } from '../contract/singleFailure.ts';
import type { ResumeOptions, ResumeOutcome, VmResumeResult } from '../contract/vms.ts';
import { inspectVm } from '../state/liveness.ts';
import { tellGuests } from './broker/tellGuests.ts';
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
  const { home } = options.settings;
  const first = chooseResume(options);
  const { root, diagnostics, names } = first;
  tell(diagnostics, run);
  warnIfMoved(first.place, home, run);
  if (root.kind === 'absent' || names.length === 0) {
    for (const name of options.vms?.length ? names : []) requireRunning(name, { kind: 'absent' });
    return { value: { vms: [] }, diagnostics };
  }
  const request = { home, command: 'resume', waitLock: options.waitLock } as const;
  const { lock, chosen } = await takeTurn(request, first, () => chooseResume(options), run);
  try {
    const vms = await Promise.all(chosen.names.map((vm) => resumeVm(chosen.place.stateRoot, vm, run)));
    await correctClocks(chosen.place.stateRoot, vms, run);
    if (vms.some(({ result }) => result === 'failed')) throw new CastraError({ kind: 'resume-failed', vms });
    return { value: { vms }, diagnostics };
  } finally {
    lock.release();
  }
};

/** The clock of a guest stood still as well. */
async function correctClocks(stateRoot: string, vms: readonly VmResumeResult[], { signal }: Run): Promise<void> {
  const resumed = vms.filter(({ result }) => result === 'resumed').map(({ vm }) => vm);
  await tellGuests(stateRoot, resumed, { topic: 'castra.guest.time', payload: { ms: Date.now() } }, signal);
}

/** Without names, those that run now. */
function chooseResume(options: ResumeOptions) {
  const state = openState(options);
  const { stateRoot } = state.place;
  const named = options.vms ?? [];
  const names = vmsCalled(projectVms(stateRoot, state.project?.vms ?? []), named)
    .map(({ name }) => name)
    .filter((name) => named.length > 0 || inspectVm(stateRoot, name).kind === 'running');
  return { ...state, names };
}

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
