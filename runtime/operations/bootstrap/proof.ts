import type { GuestLink } from '../../bootstrap/guest/guestLink.ts';
import type { BootstrapPlan } from '../../bootstrap/plan.ts';
import { stepFailed } from '../../bootstrap/stepFailure.ts';
import { CastraError } from '../../contract/failures.ts';
import type { SshTarget } from '../../ssh/target.ts';

/**
 * Waits until the guest has proven that it is the one that was launched, and says by what: an SSH login with the pinned
 * host key. The next steps need one anyway, so a handshake with the broker, which may come earlier, would prove no more.
 */
export async function proveGuest(
  plan: BootstrapPlan,
  target: SshTarget,
  link: GuestLink,
  deadline: number,
): Promise<string> {
  try {
    await link.connect(deadline);
    return `SSH login as ${target.user} with the pinned host key`;
  } catch (error) {
    if (!(error instanceof CastraError)) throw error;
    const { failure } = error;
    if (failure.kind !== 'ssh-failed' && failure.kind !== 'host-key-mismatch') throw error;
    const late = performance.now() >= deadline ? `no proof within ${plan.handshakeTimeoutMs / 1000} s: ` : '';
    // What was found comes as a sentence, and then what to do.
    const [first = '', ...rest] = failure.detail.split(/(?<=\.) (?=[A-Z`])/);
    throw stepFailed(plan.vm, {
      step: 'wait-handshake',
      detail: `${late}${first.replace(/\.$/, '')}`,
      hint: rest.join(' ') || '`castra status` and the serial log show how far it came.',
    });
  }
}
