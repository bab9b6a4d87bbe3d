import type { BusClient } from '../../broker/client/busClient.ts';
import { BusError } from '../../broker/client/incoming.ts';
import { runningBroker } from '../../broker/records/brokerRecord.ts';
import type { Diagnostic } from '../../contract/diagnostics.ts';
import { CastraError } from '../../contract/failures.ts';
import type { ProjectOptions } from '../../contract/project.ts';
import { runningVms } from '../../state/liveness.ts';
import { openState } from '../project/openProject.ts';
import { oneVmCalled, projectVms } from '../project/vms.ts';
import { type Run, tell } from '../run.ts';
import { connectBus } from './connectBus.ts';
import { startBroker } from './startBroker.ts';

export interface OpenBus {
  readonly bus: BusClient;
  readonly stateRoot: string;
  /** The VM that `to` means. */
  readonly to?: string;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Connects to a project's broker. One that died while its VMs run is started again. Fails with `broker-failed` where
 * none is running and none belongs, with `unknown-vm` where `to` names none.
 */
export async function openBus(options: ProjectOptions & { readonly to?: string }, run: Run): Promise<OpenBus> {
  const { place, project, diagnostics } = openState(options);
  tell(diagnostics, run);
  const { stateRoot } = place;
  const { to } = options;
  const vm = to === undefined ? undefined : oneVmCalled(projectVms(stateRoot, project?.vms ?? []), to).name;
  if (runningBroker(stateRoot) === undefined) {
    if (project?.broker.enabled === false) throw broken('castra.toml turns it off: `[broker] enabled = false`');
    if (project === undefined || runningVms(stateRoot).length === 0)
      throw broken('it is not running; `castra up` starts it, also without VMs: `castra up --broker-only`');
    await startBroker(project, run);
  }
  const bus = await connectBus(stateRoot, run.signal);
  if (bus === undefined) throw broken('it ended a moment ago');
  return { bus, stateRoot, diagnostics, ...(vm === undefined ? {} : { to: vm }) };
}

const broken = (detail: string): CastraError => new CastraError({ kind: 'broker-failed', detail });

/** What the client throws, as what an operation may fail with. */
export async function busCall<Result>({ signal }: Run, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (signal.aborted) throw new CastraError({ kind: 'cancelled' }, { cause: error });
    if (error instanceof BusError)
      throw new CastraError({ kind: 'bus-failed', detail: error.message }, { cause: error });
    throw error;
  }
}
