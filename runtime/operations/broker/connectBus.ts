import { BusClient } from '../../broker/client/busClient.ts';
import { runningBroker } from '../../broker/records/brokerRecord.ts';
import { CastraError, messageOf } from '../../contract/failures.ts';
import { readTextIfAny } from '../../state/files.ts';
import { projectFiles } from '../../state/layout.ts';

/** A connection to the broker that runs; undefined when none does. Fails with `broker-failed`. */
export async function connectBus(stateRoot: string, signal: AbortSignal): Promise<BusClient | undefined> {
  const broker = runningBroker(stateRoot);
  if (broker === undefined) return undefined;
  const token = readTextIfAny(projectFiles(stateRoot).hostToken)?.trim() ?? '';
  try {
    return await BusClient.connect({ port: broker.port, token }, signal);
  } catch (error) {
    if (signal.aborted) throw new CastraError({ kind: 'cancelled' }, { cause: error });
    throw new CastraError({ kind: 'broker-failed', detail: messageOf(error) }, { cause: error });
  }
}
