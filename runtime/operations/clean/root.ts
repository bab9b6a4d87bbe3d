import { DEFAULT_WAITS } from '../../config/defaults.ts';
import type { ProjectConfig } from '../../config/project.ts';
import type { CleanAction, CleanedRoot, CleanOptions } from '../../contract/clean.ts';
import { CastraError, messageOf } from '../../contract/failures.ts';
import { sweepTemporaries } from '../../state/files.ts';
import { type RunningVm, runningVms } from '../../state/liveness.ts';
import { lockProject } from '../../state/lock.ts';
import { readOperations } from '../../state/operation/announce.ts';
import { requireRoot } from '../../state/stateRoot.ts';
import { findQemuImage } from '../../vm/host/qemu.ts';
import { stopBroker } from '../broker/stopBroker.ts';
import type { Run } from '../run.ts';
import { endProcess } from '../stop/endProcess.ts';
import { planClean } from './plan.ts';
import { cleaner } from './remove.ts';

export interface CleanTarget {
  readonly stateRoot: string;
  /** Absent when the folder itself was named. */
  readonly configPath?: string;
  readonly projectName?: string;
  /** Absent when there is no file, or none that can be read. */
  readonly project?: ProjectConfig;
}

/** One state root. What the system refuses before anything was removed is `clean-refused` too. */
export async function cleanRoot(target: CleanTarget, options: CleanOptions, run: Run): Promise<CleanedRoot> {
  try {
    return await lockAndClear(target, options, run);
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    const detail = `${messageOf(error)}.`;
    throw new CastraError({ kind: 'clean-refused', path: target.stateRoot, detail }, { cause: error });
  }
}

/** A dry run takes no lock, because that makes files; so it can only say what is true right now. */
async function lockAndClear(target: CleanTarget, options: CleanOptions, run: Run): Promise<CleanedRoot> {
  const { stateRoot } = target;
  const { home } = options.settings;
  if (requireRoot(home, target).kind === 'absent') return nothingIn(target);
  if (options.dryRun) {
    const [operation] = readOperations(stateRoot);
    if (operation) {
      const { command, pid, startedAt } = operation;
      throw new CastraError({ kind: 'busy', command, pid, startedAt });
    }
    return await clear(target, options, run);
  }
  // What an earlier command left unfinished is reported and counted like the rest; half a key only has to go.
  const sweep = (folder: string) => (folder === stateRoot ? undefined : sweepTemporaries(folder));
  const lock = await lockProject({ home, place: target, command: 'clean', vms: [], sweep });
  try {
    return await clear(target, options, run);
  } finally {
    lock.release();
  }
}

const nothingIn = ({ stateRoot, projectName }: CleanTarget): CleanedRoot => ({
  stateRoot,
  actions: [],
  reclaimedBytes: 0,
  ...(projectName ? { projectName } : {}),
});

async function clear(target: CleanTarget, options: CleanOptions, run: Run): Promise<CleanedRoot> {
  const { stateRoot, projectName, project } = target;
  const dryRun = options.dryRun ?? false;
  const stopped = await endRunning(target, options, run);
  run.report({ type: 'cleanup.started', stateRoot, dryRun });
  if (!dryRun) await stopBroker(stateRoot, run);
  const plan = planClean(stateRoot, { ...options, ...(project ? { project } : {}) });
  const actions: CleanAction[] = [];
  const note = (action: CleanAction) => {
    actions.push(action);
    report(stateRoot, action, run);
  };
  for (const skipped of plan.skipped) note({ result: 'skipped', bytes: 0, ...skipped });
  const remove = cleaner({ stateRoot, dryRun, stopped, qemuImg: findQemuImage(options.settings) });
  for (const removal of plan.removals) {
    if (run.signal.aborted) throw new CastraError({ kind: 'cancelled' });
    const action = await remove.file(removal);
    if (action) note(action);
  }
  remove.emptiedFolders();
  const reclaimedBytes = actions.reduce((sum, { bytes }) => sum + bytes, 0);
  run.report({ type: 'cleanup.completed', stateRoot, reclaimedBytes });
  return { stateRoot, actions, reclaimedBytes, ...(projectName ? { projectName } : {}) };
}

function report(stateRoot: string, { result, kind, path, bytes, reason = '' }: CleanAction, run: Run): void {
  const file = { stateRoot, kind, path };
  if (result === 'removed' || result === 'planned') run.report({ type: `cleanup.${result}`, ...file, bytes });
  else if (result === 'skipped') run.report({ type: 'cleanup.skipped', ...file, reason });
  else run.report({ type: 'cleanup.failed', ...file, reason });
}

/** Refuses a state root whose VMs run, or with `force` ends them as `down` does; a dry run only reports them. Returns which. */
async function endRunning(
  { stateRoot, project }: CleanTarget,
  options: CleanOptions,
  run: Run,
): Promise<readonly string[]> {
  const running = runningVms(stateRoot);
  const vms = running.map(({ vm }) => vm);
  if (running.length === 0) return vms;
  const names = running.map(({ vm, live }) => `${vm} (pid ${live.process.pid})`).join(', ');
  if (!options.force) {
    const detail = `${names} ${running.length === 1 ? 'is running' : 'are running'} there. Run \`castra down\`, or pass --force to stop them first.`;
    throw new CastraError({ kind: 'clean-refused', path: stateRoot, detail });
  }
  if (options.dryRun) {
    run.report({ type: 'message', severity: 'info', text: `Would stop first: ${names}.` });
    return vms;
  }
  await Promise.all(running.map((one) => end(one, project, run)));
  return vms;
}

async function end({ vm, live }: RunningVm, project: ProjectConfig | undefined, run: Run): Promise<void> {
  const ended = await endProcess(vm, live, project?.lifecycle ?? DEFAULT_WAITS, run);
  run.report({ type: 'shutdown.completed', vm, ...ended, changed: true });
}
