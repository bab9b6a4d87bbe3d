import type { Diagnostic } from '../diagnostics.ts';
import type { Output } from '../outcomes.ts';
import type { Reporter } from '../reporter.ts';

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
