import type { PortStatus } from '../../contract/ports.ts';
import { findPortOwner, isPortBound } from '../../process/portOwner.ts';
import type { LiveReservation } from '../../state/portRegistry.ts';
import { collide, describeOwner, type WantedForward } from '../../vm/host/ports.ts';
import { describeHolder } from './reservePorts.ts';

export type PortJudgement = Pick<PortStatus, 'status' | 'reason'>;

/** What else there is, on this host and in the project. */
export interface PortContext {
  readonly stateRoot: string;
  readonly brokerPort: number;
  /** Of all VMs of the project. */
  readonly wanted: readonly WantedForward[];
  readonly reservations: readonly LiveReservation[];
}

/** Whether something is in the way of a forward, without trying it. The nearest reason wins: own file, Castra, host. */
export function judgePort(
  forward: WantedForward,
  { running, probed }: { readonly running: boolean; readonly probed: boolean },
  context: PortContext,
): PortJudgement {
  return findObstacle(forward, running, context) ?? (probed ? stopped : { status: 'declared' });
}

const stopped: PortJudgement = { status: 'inactive', reason: 'vm stopped' };

function findObstacle(forward: WantedForward, running: boolean, context: PortContext): PortJudgement | undefined {
  const { host, guest, protocol, bind, vm } = forward;
  if (host === 0) return undefined;
  const isSame = (other: WantedForward) => other.vm === vm && other.guest === guest && other.bind === bind;
  const rival = context.wanted.find((other) => !isSame(other) && collide(other, forward));
  if (rival) return conflict(`"${rival.vm}" forwards it to its port ${rival.guest}`);
  if (collide(forward, { bind: '127.0.0.1', host: context.brokerPort, protocol: 'tcp' })) {
    return { status: 'broker-reserved' };
  }
  if (running) return undefined;
  const reservation = context.reservations.find((other) => collide(other, forward));
  if (reservation) return isOwn(reservation, vm, context) ? undefined : conflict(holds(reservation, context));
  if (!isPortBound(protocol, bind, host)) return undefined;
  return conflict(`${describeOwner(findPortOwner(protocol, host))} uses it`);
}

function isOwn(reservation: LiveReservation, vm: string, { stateRoot }: PortContext): boolean {
  return reservation.stateRoot === stateRoot && reservation.vm === vm;
}

function holds(reservation: LiveReservation, { stateRoot }: PortContext): string {
  return `${describeHolder(reservation, stateRoot)} has it`;
}

function conflict(reason: string): PortJudgement {
  return { status: 'conflict', reason };
}
