import { CastraError } from '../../contract/failures.ts';
import type { Output } from '../../contract/output.ts';
import type { Run } from '../../operations/run.ts';

/** `castra logs -f | head`: when the reader is gone, there is nothing more to do, and nothing went wrong. */
export async function untilReaderGoes<Value>(
  run: Run,
  nothing: Value,
  operation: (run: Run) => Promise<Output<Value>>,
): Promise<Output<Value>> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  process.stdout.once('error', leave);
  try {
    return await operation({ ...run, signal: AbortSignal.any([run.signal, gone.signal]) });
  } catch (error) {
    const left = gone.signal.aborted && error instanceof CastraError && error.failure.kind === 'cancelled';
    if (!left) throw error;
    return { value: nothing, diagnostics: [] };
  } finally {
    process.stdout.off('error', leave);
  }
}
