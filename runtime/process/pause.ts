import { setTimeout as delay } from 'node:timers/promises';

/** Waits, at most until `signal` aborts. The caller's loop checks the signal: ending early is not a failure. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
