import { CastraError } from '../contract/failures.ts';
import type { Output } from '../contract/output.ts';
import { type Reporter, silent } from '../contract/reporter.ts';
import type { Operation, Run } from '../operations/run.ts';

/** What a program may give an operation beside its options; both may be missing. */
export interface RunOptions {
  /** Receives every event. What it throws ends the operation in order, and is what the call fails with. */
  readonly report?: Reporter;
  /** Aborting ends the operation in order: it fails with `cancelled`, and the reason is the error's `cause`. */
  readonly signal?: AbortSignal;
}

export type LibraryCall<Options, Value> = (options: Options, run?: RunOptions) => Promise<Output<Value>>;

/** Loads an operation with its first call: a program that only asks for the status does not load what starts VMs. */
export function later<Options, Value>(load: () => Promise<Operation<Options, Value>>): LibraryCall<Options, Value> {
  return async (options, run = {}) => {
    const operation = await load();
    return guarded(run, (inner) => operation(options, inner));
  };
}

/**
 * For `down`, which belongs into a `finally`: a signal that was aborted before the call ended what came before it. One
 * that is aborted meanwhile ends the stop.
 */
export function laterInFinally<Options, Value>(
  load: () => Promise<Operation<Options, Value>>,
): LibraryCall<Options, Value> {
  const call = later(load);
  return (options, run = {}) => {
    const { signal, ...others } = run;
    return call(options, signal?.aborted ? others : run);
  };
}

/** An operation trusts its reporter and has a signal; a program's may throw or be missing. */
async function guarded<Result>({ report = silent, signal }: RunOptions, act: (run: Run) => Promise<Result>) {
  const stop = new AbortController();
  let thrown: { readonly error: unknown } | undefined;
  const guardedReport: Reporter = (event) => {
    if (thrown) return;
    try {
      report(event);
    } catch (error) {
      thrown = { error };
      stop.abort(error);
    }
  };
  const forward = () => stop.abort(signal?.reason);
  if (signal?.aborted) forward();
  signal?.addEventListener('abort', forward, { once: true });
  try {
    return await act({ report: guardedReport, signal: stop.signal });
  } catch (error) {
    throw signal?.aborted ? withReason(error, signal.reason) : error;
  } finally {
    signal?.removeEventListener('abort', forward);
    // The operation may have had nothing left to end. What it failed with otherwise only follows from this.
    // biome-ignore lint/correctness/noUnsafeFinally: on purpose, see above
    if (thrown) throw thrown.error;
  }
}

function withReason(error: unknown, reason: unknown): unknown {
  const isCancel = error instanceof CastraError && error.failure.kind === 'cancelled';
  return isCancel ? new CastraError({ kind: 'cancelled' }, { cause: reason }) : error;
}
