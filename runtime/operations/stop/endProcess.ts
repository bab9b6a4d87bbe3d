import type { ShutdownOutcome } from '../../contract/vms.ts';
import type { ShutdownWaits } from '../../contract/vocabulary.ts';
import type { Liveness } from '../../state/liveness.ts';
import { shutdownVm } from '../../vm/shutdown.ts';
import type { Run } from '../run.ts';

/** For a file that is too broken to say otherwise. */

/** Ends a VM's QEMU: cooperatively, then by signals. Fails with `shutdown-failed` or `cancelled`. */
export function endProcess(
  vm: string,
  live: Extract<Liveness, { kind: 'running' }>,
  waits: ShutdownWaits,
  run: Run,
): Promise<{ readonly outcome: ShutdownOutcome; readonly totalMs: number }> {
  const qmpSocket = live.record?.sockets.qmp;
  return shutdownVm({ vm, process: live.process, ...(qmpSocket ? { qmpSocket } : {}) }, waits, run.report, run.signal);
}
