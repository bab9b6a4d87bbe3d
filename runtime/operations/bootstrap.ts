import type { BootstrapMode, VmDefinition } from '../config/project.ts';
import type { BootstrapOptions, BootstrapOutcome, VmBootstrapResult } from '../contract/bootstrap.ts';
import { CastraError, describe, singleFailure } from '../contract/failures.ts';
import { inspectVm } from '../state/liveness.ts';
import { lockProject } from '../state/lock.ts';
import { type BootstrapCrew, openCrew } from './bootstrap/crew.ts';
import { refuseUnknownStep } from './bootstrap/steps.ts';
import { loadProject } from './project/openProject.ts';
import { requireRunning, vmsCalled } from './project/vms.ts';
import { type Operation, type Run, tell } from './run.ts';

/**
 * Runs the bootstraps of VMs that run, again unless a mode says otherwise. Each VM's failure is its result; all that are
 * named, or all that run, are tried.
 */
export const bootstrap: Operation<BootstrapOptions, BootstrapOutcome> = async (options, run) => {
  const { project, diagnostics } = loadProject(options);
  tell(diagnostics, run);
  const { stateRoot } = project;
  const named = options.vms ?? [];
  const vms = vmsCalled(project.vms, named).filter(
    ({ name }) => named.length > 0 || inspectVm(stateRoot, name).kind === 'running',
  );
  if (vms.length === 0) {
    throw new CastraError({ kind: 'usage', detail: 'No VM of this project is running. `castra up` starts them.' });
  }
  for (const vm of named.length > 0 ? vms : []) requireRunning(vm.name, inspectVm(stateRoot, vm.name));
  const { mode, step } = options;
  if (step !== undefined) refuseUnknownStep(vms, step);
  const { home } = options.settings;
  const lock = await lockProject({ home, place: project, command: 'bootstrap', vms: vms.map((vm) => vm.name) });
  try {
    const crew = openCrew({
      ...options,
      project,
      modes: modesFor(vms, named.length > 0, mode),
      again: mode === undefined,
      ...(step === undefined ? {} : { only: step }),
      run,
    });
    const results = await Promise.all(vms.map((vm) => bootstrapRunning(crew, stateRoot, vm.name, run)));
    run.report({ type: 'bootstrap.summary', vms: results });
    if (run.signal.aborted) throw new CastraError({ kind: 'cancelled' });
    if (results.some(({ status }) => status === 'failed')) {
      throw new CastraError({ kind: 'bootstraps-failed', vms: results });
    }
    return { value: { vms: results }, diagnostics };
  } finally {
    lock.release();
  }
};

/** Who names a VM wants it done, also one that `up` skips. */
function modesFor(
  vms: readonly VmDefinition[],
  isNamed: boolean,
  wanted: BootstrapMode | undefined,
): ReadonlyMap<string, BootstrapMode> {
  const own = ({ bootstrap: { mode } }: VmDefinition): BootstrapMode =>
    isNamed ? 'always' : mode === 'skip' ? 'skip' : 'auto';
  return new Map(vms.map((vm) => [vm.name, wanted ?? own(vm)]));
}

async function bootstrapRunning(
  crew: BootstrapCrew,
  stateRoot: string,
  vm: string,
  run: Run,
): Promise<VmBootstrapResult> {
  try {
    const { record } = requireRunning(vm, inspectVm(stateRoot, vm));
    return await crew.bootstrap(record);
  } catch (error) {
    if (!(error instanceof CastraError)) throw error;
    const failure = singleFailure(error);
    crew.giveUp(vm, describe(failure));
    run.report({ type: 'bootstrap.failed', vm, message: describe(failure) });
    return { vm, status: 'failed', failure, durationMs: 0, steps: [] };
  }
}
