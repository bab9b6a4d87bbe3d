import { describe, type Failure } from '../../runtime/contract/failures.ts';
import type { StatusOutcome } from '../../runtime/contract/vms.ts';
import { reasonOf } from '../cli/reason.ts';
import { inWindowWords } from '../cli/windowWords.ts';
import { type FailureNote, operationOn, type ProjectState } from './state.ts';

/** What a failed command notes on rows: on those that it is about, and on no other. */
export function notesOf(failure: Failure | undefined, vms: readonly string[], at: number): [string, FailureNote][] {
  return failuresByVm(failure, vms).map(([vm, one]) => [
    vm,
    { reason: reasonOf(one), text: inWindowWords(describe(one)), at },
  ]);
}

function failuresByVm(failure: Failure | undefined, vms: readonly string[]): (readonly [string, Failure])[] {
  if (failure === undefined) return [];
  switch (failure.kind) {
    case 'cancelled':
    case 'busy':
    // The message above the tree says what is wrong with the file.
    case 'config-invalid':
    case 'config-missing':
    case 'config-unreadable':
    case 'unknown-vm':
      return [];
    case 'up-failed':
    case 'down-failed':
    case 'resume-failed':
      return failure.vms.flatMap((vm) => (vm.result === 'failed' ? [[vm.vm, vm.failure] as const] : []));
    case 'preflight-failed':
      return vms.flatMap((vm) => {
        const problems = failure.problems.filter((problem) => problem.vm === undefined || problem.vm === vm);
        return problems.length === 0 ? [] : [[vm, { ...failure, problems }] as const];
      });
    default:
      return 'vm' in failure ? [[failure.vm, failure]] : vms.map((vm) => [vm, failure] as const);
  }
}

/**
 * The notes that what is on disk does not contradict: a VM that runs, crashed, is gone, or is being started or stopped
 * elsewhere since, is what it is now. A look that began before the failure says nothing about it.
 */
export function stillTrue(
  { failures, wishes }: ProjectState,
  outcome: StatusOutcome,
  began: number,
): ProjectState['failures'] {
  const { vms, configErrors = 0 } = outcome;
  const isOvertaken = (vm: string): boolean => {
    const status = vms.find(({ name }) => name === vm);
    const isBusy = operationOn(outcome, vm) !== undefined && !wishes.some((wish) => wish.vm === vm);
    return isBusy || (status === undefined ? configErrors === 0 : status.state !== 'stopped');
  };
  return new Map([...failures].filter(([vm, { at }]) => at > began || !isOvertaken(vm)));
}
