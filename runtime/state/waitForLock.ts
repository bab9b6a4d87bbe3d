import { CastraError } from '../contract/failures.ts';
import { pause } from '../process/pause.ts';
import { takeKernelLock } from './kernelLock.ts';

/** A try costs one flock(1), about two milliseconds; who waits for a download does not notice half a second. */
const TRY_EVERY_MS = 500;

export interface LockWait {
  readonly signal: AbortSignal;
  /** Between two tries; for locks that are held for milliseconds only. */
  readonly everyMs?: number;
  /** Called after each try that found it taken. */
  readonly onTaken?: () => void;
}

/**
 * Takes a lock as soon as it is free; fails with `cancelled`. The kernel frees the lock of a holder that died, so only
 * one that lives and hangs keeps others waiting, and only until their users cancel.
 */
export async function waitForKernelLock(path: string, wait: LockWait): Promise<() => void> {
  while (!wait.signal.aborted) {
    const free = await takeKernelLock(path);
    if (free) return free;
    wait.onTaken?.();
    await pause(wait.everyMs ?? TRY_EVERY_MS, wait.signal);
  }
  throw new CastraError({ kind: 'cancelled' });
}

/** Critical sections behind such a lock take milliseconds. */
const BRIEF_TRY_MS = 5;

/** Waits a moment for a lock that is held briefly; undefined when its holder does not let go, or on abort. */
export async function waitBrieflyForLock(
  path: string,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<(() => void) | undefined> {
  const deadline = performance.now() + limits.timeoutMs;
  for (;;) {
    const free = await takeKernelLock(path);
    if (free || limits.signal.aborted || performance.now() > deadline) return free;
    await pause(BRIEF_TRY_MS, limits.signal);
  }
}
