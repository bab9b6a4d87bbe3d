import { existsSync } from 'node:fs';
import { DEFAULT_WAITS } from '../config/defaults.ts';
import { CastraError, messageOf, singleFailure } from '../contract/failures.ts';
import type { SingleFailure } from '../contract/singleFailure.ts';
import type { DownOptions, DownOutcome, VmDownResult } from '../contract/vms.ts';
import type { ShutdownWaits } from '../contract/vocabulary.ts';
import { projectFiles } from '../state/layout.ts';
import { inspectVm, type Liveness } from '../state/liveness.ts';
import { findQemuImage } from '../vm/host/qemu.ts';
import { stopIdleBroker } from './broker/stopBroker.ts';
import { tellGuests } from './broker/tellGuests.ts';
import { releasePorts } from './ports/reservePorts.ts';
import { runInOrder } from './project/inOrder.ts';
import { warnIfMoved } from './project/moved.ts';
import { openState } from './project/openProject.ts';
import { takeTurn } from './project/turn.ts';
import { type ProjectVm, projectVms, vmsCalled } from './project/vms.ts';
import { type Operation, type Run, tell } from './run.ts';
import { refreshSshFiles, sshPlace } from './ssh/sshFiles.ts';
import { endProcess } from './stop/endProcess.ts';
import { clearLeftovers } from './stop/leftovers.ts';

/**
 * Stops VMs: those in the file, and those that run although the file no longer has them. Works with a broken file,
 * because a VM must not become unstoppable by an edit.
 */
export const down: Operation<DownOptions, DownOutcome> = async (options, run) => {
  const { home } = options.settings;
  const first = chooseStop(options);
  const { root, diagnostics } = first;
  tell(diagnostics, run);
  warnIfMoved(first.place, home, run);
  if (root.kind === 'absent')
    return { value: { vms: first.targets.map(({ name }) => nothingToStop(name)) }, diagnostics };
  const request = { home, command: 'down', waitLock: options.waitLock } as const;
  const { lock, chosen } = await takeTurn(request, first, () => chooseStop(options), run);
  const { place, project, targets, names } = chosen;
  const { stateRoot } = place;
  const waits = { ...(project?.lifecycle ?? DEFAULT_WAITS), ...options.waits };
  const qemuImg = findQemuImage(options.settings);
  try {
    const context = { stateRoot, waits, qemuImg, keepOverlay: options.keepOverlay ?? false };
    if (waits.gracefulMs > 0) await announce(stateRoot, targets, run);
    const vms = await stopInOrder(targets, context, run);
    if (existsSync(projectFiles(stateRoot).sshConfig)) refreshSshFiles(sshPlace(place, home), project?.vms ?? [], run);
    if (run.signal.aborted) throw new CastraError({ kind: 'cancelled' });
    if (vms.some((vm) => vm.result === 'failed')) throw new CastraError({ kind: 'down-failed', vms });
    return { value: { vms }, diagnostics };
  } finally {
    await releasePorts(stateRoot, names, home);
    lock.release();
    await stopIdleBroker(stateRoot, run);
  }
};

/** Before the power button does: agents write what is unwritten. */
async function announce(stateRoot: string, targets: readonly ProjectVm[], { signal }: Run): Promise<void> {
  const running = targets.map(({ name }) => name).filter((name) => inspectVm(stateRoot, name).kind === 'running');
  await tellGuests(stateRoot, running, { topic: 'castra.guest.shutdown', payload: {} }, signal);
}

/** What is there now, and which of it is meant. */
function chooseStop(options: DownOptions) {
  const state = openState(options);
  const { place, project } = state;
  const targets = vmsCalled(projectVms(place.stateRoot, project?.vms ?? []), options.vms ?? []);
  return { ...state, targets, names: targets.map(({ name }) => name) };
}

interface StopContext {
  readonly stateRoot: string;
  readonly waits: ShutdownWaits;
  readonly qemuImg: string | undefined;
  readonly keepOverlay: boolean;
}

function nothingToStop(vm: string): VmDownResult {
  return { vm, result: 'stopped', outcome: 'graceful', changed: false, totalMs: 0, reclaimedBytes: 0 };
}

/** What others need goes last; one of them that cannot be stopped does not keep it from being stopped. */
function stopInOrder(targets: readonly ProjectVm[], context: StopContext, run: Run): Promise<VmDownResult[]> {
  const dependants = new Map<string, string[]>();
  for (const { name, definition } of targets) {
    for (const need of definition?.needs ?? []) {
      const known = dependants.get(need);
      if (known) known.push(name);
      else dependants.set(need, [name]);
    }
  }
  return runInOrder(
    targets,
    ({ name }) => dependants.get(name) ?? [],
    (target) => stop(target, context, run),
  );
}

/** One VM's failure is its result, so that it does not keep the others from being stopped. */
async function stop(target: ProjectVm, context: StopContext, run: Run): Promise<VmDownResult> {
  const { name: vm } = target;
  try {
    return await stopVm(target, context, run);
  } catch (error) {
    const failure: SingleFailure =
      error instanceof CastraError ? singleFailure(error) : { kind: 'shutdown-failed', vm, detail: messageOf(error) };
    if (failure.kind !== 'cancelled') run.report({ type: 'shutdown.failed', vm, message: messageOf(error) });
    return { vm, result: 'failed', failure };
  }
}

async function stopVm({ name: vm, definition }: ProjectVm, context: StopContext, run: Run): Promise<VmDownResult> {
  const { stateRoot, waits, qemuImg, keepOverlay } = context;
  const live = inspectVm(stateRoot, vm);
  const changed = live.kind === 'running';
  if (!changed) warnAboutForeign(vm, live, run);
  const ended = changed ? await endProcess(vm, live, waits, run) : { outcome: 'graceful' as const, totalMs: 0 };
  run.report({ type: 'shutdown.completed', vm, ...ended, changed });
  const overlayPath = definition?.overlayPath;
  const reason = changed ? 'shutdown' : 'orphan';
  const request = { stateRoot, vm, qemuImg, reason, keepOverlay, ...(overlayPath ? { overlayPath } : {}) } as const;
  return { vm, result: 'stopped', ...ended, changed, ...(await clearLeftovers(request, run)) };
}

function warnAboutForeign(vm: string, live: Liveness, run: Run): void {
  if (live.kind !== 'foreign') return;
  const text = `${vm}: its pidfile names pid ${live.pid}, which is another process. Castra left that process alone.`;
  run.report({ type: 'message', severity: 'warning', text });
}
