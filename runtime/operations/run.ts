import type { Diagnostic } from '../contract/diagnostics.ts';
import { CastraError } from '../contract/failures.ts';
import type { Output } from '../contract/output.ts';
import type { Reporter } from '../contract/reporter.ts';

/** What every operation is given beside its options. */
export interface Run {
  readonly report: Reporter;
  /** Aborting ends the operation soon and in order: it fails with `cancelled` and leaves nothing half-made. */
  readonly signal: AbortSignal;
}

/** Fails with CastraError only. */
export type Operation<Options, Value> = (options: Options, run: Run) => Promise<Output<Value>>;

/** Tells findings at once, and hands them on for the outcome. */
export function tell(diagnostics: readonly Diagnostic[], run: Run): readonly Diagnostic[] {
  for (const diagnostic of diagnostics) run.report({ type: 'diagnostic', diagnostic });
  return diagnostics;
}

/** What a signal ended throws many things; to the caller it is `cancelled`. */
export async function failWhenCancelled<Result>({ signal }: Run, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    throw signal.aborted ? new CastraError({ kind: 'cancelled' }, { cause: error }) : error;
  }
}
