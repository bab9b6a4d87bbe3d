import { pause } from '../../process/pause.ts';
import type { AttemptFailure } from './downloadError.ts';
import type { DownloadTimings } from './timings.ts';

export interface RetryPolicy {
  readonly timings: DownloadTimings;
  readonly signal: AbortSignal;
  /** The most bytes that were ever together; must not go down, or a server that always starts over is asked for ever. */
  readonly progress: () => number;
  /** Whether any byte was received since the operation began. */
  readonly connected: () => boolean;
  /** Of performance.now(): no attempt begins after it. */
  readonly deadline?: number;
  readonly onRetry: (failure: AttemptFailure, delayMs: number) => void;
}

/** Progress below this does not count: else a server that sends a byte per connection is asked a million times. */
const PROGRESS_BYTES = 16 * 1024;

/**
 * Tries until it succeeds, fails for good, or got no further for `timings.retries` times. undici's RetryHandler resumes
 * only the stream that it began: it knows nothing of a file on disk, of other mirrors, or of what a server said before.
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  asFailure: (error: unknown) => AttemptFailure,
  policy: RetryPolicy,
): Promise<T> {
  let used = 0;
  let reached = policy.progress();
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const failure = asFailure(error);
      if (policy.progress() >= reached + PROGRESS_BYTES) {
        used = 0;
        reached = policy.progress();
      }
      used++;
      if (policy.signal.aborted || isHopeless(failure, policy) || used > policy.timings.retries) throw failure;
      const delayMs = retryDelay(used, failure.retryAfterMs, policy.timings);
      if (performance.now() + delayMs > (policy.deadline ?? Number.POSITIVE_INFINITY)) throw failure;
      policy.onRetry(failure, delayMs);
      await pause(delayMs, policy.signal);
    }
  }
}

function isHopeless({ advice }: AttemptFailure, policy: RetryPolicy): boolean {
  switch (advice) {
    case 'never':
      return true;
    case 'later':
      return false;
    case 'if-connected':
      return !policy.connected();
  }
}

/** Exponential with jitter, so that a whole class of machines does not come back at the same moment. */
export function retryDelay(
  retry: number,
  retryAfterMs: number | undefined,
  timings: DownloadTimings,
  random = Math.random,
): number {
  const backoff = Math.min(timings.backoffMaxMs, timings.backoffMs * 2 ** (retry - 1));
  const jittered = backoff * (1 - random() / 2);
  return Math.round(Math.max(jittered, Math.min(retryAfterMs ?? 0, timings.retryAfterMaxMs)));
}

/** RFC 9110 10.2.3: seconds or a date. Undefined for anything else. */
export function parseRetryAfter(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
