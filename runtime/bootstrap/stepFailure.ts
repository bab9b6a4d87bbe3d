import { CastraError } from '../contract/failures.ts';
import type { BootstrapPhase } from '../contract/vocabulary.ts';
import type { GuestEnd } from './guest/guestLink.ts';
import { hintFor, LOST_HINT, TIMEOUT_HINT } from './hints.ts';

/** Why a step of a bootstrap failed. */
export interface StepFailure {
  readonly step: BootstrapPhase;
  readonly name?: string;
  /** The rest of a sentence. */
  readonly detail: string;
  readonly hint?: string;
  readonly output?: readonly string[];
}

export function stepFailed(vm: string, { hint, output = [], ...failure }: StepFailure): CastraError {
  return new CastraError({ kind: 'bootstrap-failed', vm, ...failure, hint: hint ?? hintFor(output), output });
}

/** What is told of a program that did not exit with 0. */
export function explainEnd(
  end: GuestEnd,
  { timeoutMs, output }: { readonly timeoutMs: number; readonly output: readonly string[] },
): Pick<StepFailure, 'detail' | 'hint'> {
  switch (end.kind) {
    case 'lost':
      return { detail: 'the connection to the guest was lost', hint: LOST_HINT };
    case 'timed-out': {
      const left = end.stopped ? 'was ended' : 'could not be ended';
      return { detail: `it did not end within ${timeoutMs / 1000} s and ${left}`, hint: TIMEOUT_HINT };
    }
    case 'exited':
      return { detail: `exit code ${end.exitCode}`, hint: hintFor(output, end.exitCode) };
  }
}
