import type { CancelOptions, CancelOutcome, RunningOperation } from '../contract/project.ts';
import { pause } from '../process/pause.ts';
import { readOperation } from '../state/lock.ts';
import { openState } from './project/openProject.ts';
import { type Operation, type Run, tell } from './run.ts';

/** What was begun is taken back: a guest is given a few seconds, an image is put down in a moment. */
const END_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 100;

/** Asks the command that changes the project, wherever it was started, to stop in order, and waits until it has. */
export const cancel: Operation<CancelOptions, CancelOutcome> = async (options, run) => {
  const { place, root, diagnostics } = openState(options);
  tell(diagnostics, run);
  const { stateRoot } = place;
  const operation = root.kind === 'absent' ? undefined : readOperation(stateRoot);
  if (operation === undefined) return { value: { ended: true }, diagnostics };
  // A second signal would end it at once, in the middle of what it takes back.
  if (!operation.cancelling) ask(operation);
  return { value: { operation, ended: await hasEnded(operation, stateRoot, run) }, diagnostics };
};

/** readOperation proved that the pid is still that of the command. */
function ask({ pid }: RunningOperation): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It ended since.
  }
}

async function hasEnded({ pid, startedAt }: RunningOperation, stateRoot: string, { signal }: Run): Promise<boolean> {
  const deadline = performance.now() + END_WITHIN_MS;
  for (;;) {
    const now = readOperation(stateRoot);
    if (now?.pid !== pid || now.startedAt !== startedAt) return true;
    if (signal.aborted || performance.now() > deadline) return false;
    await pause(LOOK_EVERY_MS, signal);
  }
}
