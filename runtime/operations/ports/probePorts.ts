import type { PortForward } from '../../contract/vocabulary.ts';
import { isPortBound } from '../../process/portOwner.ts';
import { type ForwardAnswer, probeForwards } from '../../vm/boot/forwardProbe.ts';
import type { PortJudgement } from './portState.ts';

const judgements: Readonly<Record<ForwardAnswer, PortJudgement>> = {
  accepted: { status: 'active' },
  refused: { status: 'inactive', reason: 'nothing listens in the guest' },
  silent: { status: 'inactive', reason: 'the guest does not answer' },
  unbound: { status: 'inactive', reason: 'port not bound' },
  unknown: { status: 'bound', reason: 'whether the guest listens is unknown' },
};

/** Tries the forwards of a running VM. Without its monitor socket, what happens behind QEMU stays unknown. */
export async function probeVm(
  forwards: readonly PortForward[],
  monitorSocket: string | undefined,
): Promise<PortJudgement[]> {
  const tcp = forwards.filter(({ protocol }) => protocol === 'tcp');
  const answers = await probeForwards(tcp, monitorSocket ?? '');
  return forwards.map((forward) =>
    forward.protocol === 'tcp' ? judgements[answers[tcp.indexOf(forward)] ?? 'unknown'] : judgeUdp(forward),
  );
}

/** UDP has no connections: who is silent may be there all the same. */
function judgeUdp({ bind, host }: PortForward): PortJudgement {
  switch (isPortBound('udp', bind, host)) {
    case true:
      return judgements.unknown;
    case false:
      return judgements.unbound;
    case undefined:
      return { status: 'inactive', reason: 'inspection unavailable' };
  }
}
