import { dirname } from 'node:path';
import type { ProjectConfig, VmDefinition } from '../config/project.ts';
import { projectId } from '../config/vms/paths.ts';
import type { Diagnostic } from '../contract/diagnostics.ts';
import { CastraError, messageOf, singleFailure } from '../contract/failures.ts';
import type { UpOptions, UpOutcome, VmUpResult } from '../contract/vms.ts';
import { inspectVm, type Liveness } from '../state/liveness.ts';
import type { LaunchRecord } from '../state/record.ts';
import { registerProject } from '../state/registry.ts';
import { folderIdentity } from '../state/rootClaims.ts';
import { openCrew } from './bootstrap/crew.ts';
import { modesOf } from './bootstrap/modes.ts';
import { startBroker } from './broker/startBroker.ts';
import { stopIdleBroker } from './broker/stopBroker.ts';
import { releasePorts } from './ports/reservePorts.ts';
import { brokerStatus } from './project/guestBus.ts';
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
import { combine, startInOrder } from './start/startInOrder.ts';
import { toLaunch } from './start/startVm.ts';

/**
 * Starts VMs, with what they need first, waits until each has proven itself, and runs its bootstrap. VMs that run
 * already are left alone, but for a bootstrap that something changed for.
 */
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
  const broker = project.broker.enabled ? startedBroker(loaded, options, run) : undefined;
  // Awaited below, whatever happens: until then a failure must not count as unhandled.
  const brokerEnded = broker?.catch(() => undefined);
  try {
    noteProject(project, home, run);
    const started = await startAll(loaded, vms, options, noteSteps(lock, run));
    await broker;
    refreshSshFiles(sshPlace(project, home), project.vms, run);
    if (run.signal.aborted) throw new CastraError({ kind: 'cancelled' });
    if (started.vms.some((vm) => vm.result === 'failed'))
      throw new CastraError({ kind: 'up-failed', vms: started.vms });
    const { stateRoot } = project;
    const value = { stateRoot, broker: brokerStatus(stateRoot, project.broker), vms: started.vms };
    return { value, diagnostics: [...diagnostics, ...started.diagnostics] };
  } finally {
    await releasePorts(project.stateRoot, names, home);
    await brokerEnded;
    lock.release();
    if (!options.brokerOnly) await stopIdleBroker(project.stateRoot, run);
  }
};

/** Beside the VMs, which start without waiting for it. They work without it too; unless it is all that is wanted. */
async function startedBroker({ project }: LoadedProject, { brokerOnly }: UpOptions, run: Run): Promise<void> {
  try {
    await startBroker(project, run);
  } catch (error) {
    if (brokerOnly || run.signal.aborted) throw error;
    warn(messageOf(error), run);
  }
}

/** What the file declares now, and which of its VMs are meant. */
async function chooseStart(options: UpOptions, run: Run) {
  const loaded = loadProject(options);
  const { project, diagnostics } = loaded;
  const { home } = options.settings;
  tell(diagnostics, run);
  refuseIfMoved(project, home);
  const vms = options.brokerOnly ? [] : withNeeds(project.vms, vmsCalled(project.vms, options.vms ?? []));
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
  const { project } = loaded;
  const crew = crewFor(project, vms, options, run);
  const live = new Map(vms.map((vm) => [vm.name, inspectVm(project.stateRoot, vm.name)]));
  const kept = (
    await Promise.all(
      vms.map((vm) => keepRunning({ stateRoot: project.stateRoot, vm: vm.name }, live.get(vm.name), run)),
    )
  ).flat();
  const wanted = vms.filter((vm) => live.get(vm.name)?.kind !== 'running');
  const prepared =
    wanted.length === 0 ? { plans: [], diagnostics: [] } : await prepareStart(loaded, wanted, options, run);
  const started = await startInOrder(vms, { kept, plans: prepared.plans, crew, stateRoot: project.stateRoot }, run);
  const bootstraps = started.flatMap(({ bootstrap }) => bootstrap ?? []);
  if (bootstraps.length > 0) run.report({ type: 'bootstrap.summary', vms: bootstraps });
  return { vms: started.map(combine), diagnostics: prepared.diagnostics };
}

/** Bootstraps need guests that are ready. */
function crewFor(project: ProjectConfig, vms: readonly VmDefinition[], options: UpOptions, run: Run) {
  const modes = modesOf(project.vms, options.bootstrap);
  const names = new Set(vms.map(({ name }) => name));
  const own = new Map([...modes].filter(([name]) => names.has(name)));
  const crew = openCrew({ ...options, project, modes: own, run });
  if (options.wait ?? true) return crew;
  const left = vms.filter(({ name }) => crew.hasWork(name)).map(({ name }) => name);
  const text = `Not bootstrapped, because they are not waited for: ${left.join(', ')}. \`castra bootstrap\` does it.`;
  if (left.length > 0) run.report({ type: 'message', severity: 'info', text });
  return undefined;
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
