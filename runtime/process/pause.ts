import { setTimeout as delay } from 'node:timers/promises';

/** Waits, but no longer than until `signal` aborts. The caller's loop looks at the signal: ending early is no failure. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
