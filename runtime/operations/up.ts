import { dirname } from 'node:path';
import type { ProjectConfig, VmDefinition } from '../config/project.ts';
import { projectId } from '../config/vms/paths.ts';
import type { Diagnostic } from '../contract/diagnostics.ts';
import { CastraError, describe, type Failure, messageOf, singleFailure } from '../contract/failures.ts';
import type { UpOptions, UpOutcome, VmUpResult } from '../contract/vms.ts';
import { inspectVm, type Liveness } from '../state/liveness.ts';
import type { LaunchRecord } from '../state/record.ts';
import { registerProject } from '../state/registry.ts';
import { folderIdentity } from '../state/rootClaims.ts';
import { releasePorts } from './ports/reservePorts.ts';
import { runInOrder } from './project/inOrder.ts';
import { forgetMoved, refuseIfMoved } from './project/moved.ts';
import { type LoadedProject, loadProject, withNeeds } from './project/openProject.ts';
import { noteSteps, takeTurn } from './project/turn.ts';
import { isJustLaunched } from './project/vmState.ts';
import { vmsCalled } from './project/vms.ts';
import { wake } from './project/wake.ts';
import { concludeWake } from './resume.ts';
import { type Operation, type Run, tell } from './run.ts';
import { refreshSshFiles, sshPlace } from './ssh/sshFiles.ts';
import { prepareStart } from './start/preflight.ts';
import { confirmReach } from './start/reach.ts';
import type { StartPlan } from './start/startPlan.ts';
import { startVm, toLaunch } from './start/startVm.ts';

/** Starts VMs, with what they need first, and waits until each has proven itself. VMs that run already are left alone. */
export const up: Operation<UpOptions, UpOutcome> = async (options, run) => {
  const { home } = options.settings;
  const request = { home, command: 'up', waitLock: options.waitLock } as const;
  const { lock, chosen } = await takeTurn(
    request,
    await chooseStart(options, run),
    () => chooseStart(options, run),
    run,
  );
  const { loaded, vms, names } = chosen;
  const { project, diagnostics } = loaded;
  try {
    noteProject(project, home, run);
    const started = await startAll(loaded, vms, options, noteSteps(lock, run));
    refreshSshFiles(sshPlace(project, home), project.vms, run);
    if (run.signal.aborted) throw new CastraError({ kind: 'cancelled' });
    if (started.vms.some((vm) => vm.result === 'failed'))
      throw new CastraError({ kind: 'up-failed', vms: started.vms });
    const value = { stateRoot: project.stateRoot, vms: started.vms };
    return { value, diagnostics: [...diagnostics, ...started.diagnostics] };
  } finally {
    await releasePorts(project.stateRoot, names, home);
    lock.release();
  }
};

/** What the file declares now, and which of its VMs are meant. */
async function chooseStart(options: UpOptions, run: Run) {
  const loaded = loadProject(options);
  const { project, diagnostics } = loaded;
  const { home } = options.settings;
  tell(diagnostics, run);
  refuseIfMoved(project, home);
  const vms = withNeeds(project.vms, vmsCalled(project.vms, options.vms ?? []));
  await confirmReach(project, vms, { home, consent: options.consent, run });
  return {
    loaded,
    vms,
    place: { stateRoot: project.stateRoot, configPath: project.configPath },
    names: vms.map((vm) => vm.name),
  };
}

/** So that it can be found from anywhere (`castra list`, `--project`). Nothing of `up` depends on it. */
function noteProject(project: ProjectConfig, home: string, run: Run): void {
  const { name, configPath, stateRoot } = project;
  const id = projectId(configPath);
  try {
    forgetMoved(project, home);
    const { alias } = sshPlace(project, home);
    const folder = folderIdentity(dirname(configPath));
    registerProject(home, { id, name, configPath, stateRoot, lastUpAt: new Date().toISOString(), folder, alias });
  } catch (error) {
    warn(`\`castra list\` will not show this project: ${messageOf(error)}`, run);
  }
}

interface Started {
  readonly vms: readonly VmUpResult[];
  readonly diagnostics: readonly Diagnostic[];
}

async function startAll(
  loaded: LoadedProject,
  vms: readonly VmDefinition[],
  options: UpOptions,
  run: Run,
): Promise<Started> {
  const { stateRoot } = loaded.project;
  const live = new Map(vms.map((vm) => [vm.name, inspectVm(stateRoot, vm.name)]));
  const kept = (
    await Promise.all(vms.map((vm) => keepRunning({ stateRoot, vm: vm.name }, live.get(vm.name), run)))
  ).flat();
  const wanted = vms.filter((vm) => live.get(vm.name)?.kind !== 'running');
  if (wanted.length === 0) return { vms: kept, diagnostics: [] };
  const prepared = await prepareStart(loaded, wanted, options, run);
  const started = await startInOrder(prepared.plans, run);
  const results = [...kept, ...started];
  return {
    vms: vms.flatMap((vm) => results.find((result) => result.vm === vm.name) ?? []),
    diagnostics: prepared.diagnostics,
  };
}

/** A need without a plan is already running. With `--no-wait` a VM whose QEMU runs is as good as ready. */
function startInOrder(plans: readonly StartPlan[], run: Run): Promise<VmUpResult[]> {
  const tasks = plans.map((plan) => ({ name: plan.vm.name, plan }));
  return runInOrder<(typeof tasks)[number], VmUpResult>(
    tasks,
    ({ plan }) => plan.vm.needs,
    async ({ name, plan }, needs) => {
      if (run.signal.aborted) return { vm: name, result: 'cancelled' };
      const failed = needs.filter(({ result }) => result === 'failed').map(({ vm }) => vm);
      return failed.length > 0 ? giveUp(name, failed, run) : startVm(plan, run);
    },
  );
}

function giveUp(vm: string, needs: readonly string[], run: Run): VmUpResult {
  const failure: Failure = { kind: 'dependency-failed', vm, needs };
  run.report({ type: 'vm.failed', vm, message: describe(failure) });
  return { vm, result: 'failed', failure };
}

interface Kept {
  readonly stateRoot: string;
  readonly vm: string;
}

/** A VM that runs already is left alone if it works; one that stands still continues, or that is its failure. */
async function keepRunning({ stateRoot, vm }: Kept, live: Liveness | undefined, run: Run): Promise<VmUpResult[]> {
  if (live?.kind === 'foreign') {
    warn(
      `${vm}: its old pidfile names pid ${live.pid}, which is another process. Castra left that process alone.`,
      run,
    );
  }
  if (live?.kind !== 'running') return [];
  const { pid } = live.process;
  try {
    if (live.record) await continueRunning(stateRoot, live.record, run);
  } catch (error) {
    if (!(error instanceof CastraError)) throw error;
    run.report({ type: 'vm.failed', vm, message: error.message });
    return [{ vm, result: 'failed', failure: singleFailure(error) }];
  }
  run.report({ type: 'vm.kept', vm, pid });
  const launch = live.record && { launch: toLaunch(live.record, pid, stateRoot) };
  return [{ vm, result: 'already-running', pid, ...launch }];
}

/** QEMU may not answer yet when it was launched a moment ago, which proves nothing. Fails with `not-working`. */
async function continueRunning(stateRoot: string, record: LaunchRecord, run: Run): Promise<void> {
  const awake = await wake(stateRoot, record);
  const isEarly = awake.kind === 'stays' && awake.state.kind === 'unresponsive' && isJustLaunched(record);
  if (!isEarly) concludeWake(record.vm, awake, run);
}

function warn(text: string, run: Run): void {
  run.report({ type: 'message', severity: 'warning', text });
}
