import { runningBroker } from '../../broker/records/brokerRecord.ts';

/** For a connection and a line to each guest. Nothing depends on whether it hears. */
const TELL_MS = 500;

/** Tells the agents of VMs something, if there is a broker: a courtesy, which never fails. */
export async function tellGuests(
  stateRoot: string,
  vms: readonly string[],
  order: { readonly topic: string; readonly payload: object },
  signal: AbortSignal,
): Promise<void> {
  if (vms.length === 0 || runningBroker(stateRoot) === undefined) return;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TELL_MS)]);
  try {
    const { connectBus } = await import('./connectBus.ts');
    await using bus = await connectBus(stateRoot, limit);
    for (const to of vms) await bus?.publish(order.topic, order.payload, { to, ack: false });
  } catch {
    // The broker ended a moment ago, or is busy.
  }
}
