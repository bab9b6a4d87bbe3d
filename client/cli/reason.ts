import { describe, type Failure } from '../../runtime/contract/failures.ts';
import { say } from '../say.ts';
import { inWindowWords } from './windowWords.ts';

/** In one line, and in the words of the window, why something failed; all that is known of it is what describe() says. */
export function reasonOf(failure: Failure): string {
  return inWindowWords(inOneLine(failure));
}

function inOneLine(failure: Failure): string {
  switch (failure.kind) {
    case 'launch-failed': {
      // QEMU's last words say more than how it ended; it begins each with its name.
      const said = failure.qemuOutput.at(-1)?.replace(/^\S*qemu-system-\w+: /, '');
      return said ? `${failure.vm} did not start: ${said}` : firstLine(describe(failure));
    }
    case 'preflight-failed':
      return failure.problems[0]?.message ?? firstLine(describe(failure));
    case 'up-failed':
    case 'down-failed':
    case 'resume-failed': {
      const [first, ...others] = failure.vms.flatMap((vm) => (vm.result === 'failed' ? [vm.failure] : []));
      if (first === undefined) return firstLine(describe(failure));
      return others.length === 0 ? inOneLine(first) : say('{0} (and {1} more)', inOneLine(first), others.length);
    }
    default:
      return firstLine(describe(failure));
  }
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';
