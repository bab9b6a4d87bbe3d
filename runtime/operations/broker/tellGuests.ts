import { runningBroker } from '../../broker/records/brokerRecord.ts';
import { inspectVm } from '../../state/liveness.ts';

/** For a connection and a line to each guest. One that does not hear it is stopped all the same. */
const TELL_MS = 500;

/** Tells the agents of VMs that they are about to be stopped, before the power button does: they let their files go. */
export async function tellGuests(
  stateRoot: string,
  vms: readonly { readonly name: string }[],
  signal: AbortSignal,
): Promise<void> {
  const running = vms.filter(({ name }) => inspectVm(stateRoot, name).kind === 'running');
  if (running.length === 0 || runningBroker(stateRoot) === undefined) return;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TELL_MS)]);
  try {
    const { connectBus } = await import('./connectBus.ts');
    await using bus = await connectBus(stateRoot, limit);
    for (const { name } of running) await bus?.publish('castra.guest.shutdown', {}, { to: name, ack: false });
  } catch {
    // It is a courtesy: `down` works without a broker.
  }
}
