import { projectFiles } from '../../state/layout.ts';
import { waitBrieflyForLock } from '../../state/waitForLock.ts';

/** A start takes 0.2 s. Held for longer it is by a command that could not write what it is about, perhaps this one. */
const TURN_MS = 3_000;

/**
 * Commands for different VMs of a project run side by side, and there is one broker for all: who starts or stops it has
 * the project's lock for that long.
 */
export async function inTurn<Result>(
  stateRoot: string,
  signal: AbortSignal,
  act: () => Promise<Result>,
): Promise<Result> {
  const free = await waitBrieflyForLock(projectFiles(stateRoot).lock, { timeoutMs: TURN_MS, signal });
  try {
    return await act();
  } finally {
    free?.();
  }
}
