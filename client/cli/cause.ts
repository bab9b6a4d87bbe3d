import type { DiagnosticCode } from '../../runtime/contract/diagnosticCodes.ts';
import type { Failure } from '../../runtime/contract/failures.ts';
import { inWindowWords } from './windowWords.ts';

/** Where the cause of a failure is to be read, and of which VM it is. */
export interface Cause {
  readonly kind: 'config' | 'host' | 'qemu-log' | 'serial-log' | 'other';
  readonly vm?: string;
}

export function causeOf(failure: Failure | undefined): Cause {
  switch (failure?.kind) {
    case 'config-invalid':
    case 'config-unreadable':
    case 'unknown-vm':
      return { kind: 'config' };
    case 'preflight-failed':
      return { kind: 'host' };
    case 'up-failed':
      return causeOf(failure.vms.flatMap((vm) => (vm.result === 'failed' ? [vm.failure] : []))[0]);
    case 'launch-failed':
      // A guest that ended while it booted has said why itself; one that never ran has an empty console.
      return { kind: failure.serialTail.length > 0 ? 'serial-log' : 'qemu-log', vm: failure.vm };
    case 'not-ready':
    case 'not-working':
      return { kind: 'serial-log', vm: failure.vm };
    case 'overlay-failed':
    case 'seed-failed':
    case 'image-failed':
      return { kind: 'config' };
    default:
      return { kind: 'other' };
  }
}

/** What to do, where the failure does not say it in its one line. */
export function helpOf(failure: Failure): string[] {
  const [problem] = failure.kind === 'preflight-failed' ? failure.problems : [];
  return problem?.help === undefined ? [] : [inWindowWords(problem.help)];
}

const FORCEABLE: ReadonlySet<DiagnosticCode> = new Set(['host/cpus', 'host/memory', 'host/disk']);

/** The host has too little of something; the user may know better. */
export function isForceable(failure: Failure | undefined): boolean {
  return failure?.kind === 'preflight-failed' && failure.problems.every(({ code }) => FORCEABLE.has(code));
}

export function isQemuMissing(failure: Failure | undefined): boolean {
  const missing = (code: string) => code === 'host/qemu-missing' || code === 'host/qemu-img-missing';
  return failure?.kind === 'preflight-failed' && failure.problems.some(({ code }) => missing(code));
}
