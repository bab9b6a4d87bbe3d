import { type BrokerRecord, runningBroker } from '../../broker/records/brokerRecord.ts';
import { CastraError } from '../../contract/failures.ts';
import { commandEffects } from '../../contract/vocabulary.ts';
import { removeIfEmpty } from '../../state/files.ts';
import { projectFiles } from '../../state/layout.ts';
import { runningVms } from '../../state/liveness.ts';
import { readOperations } from '../../state/operation/announce.ts';
import { removeOwnFile } from '../../state/ownFile.ts';
import { signalProcess, waitForExit } from '../../vm/shutdown.ts';
import type { Run } from '../run.ts';
import { inTurn } from './turn.ts';

/** It drains within 1 s. */
const TERM_MS = 3_000;
const KILL_MS = 5_000;

/** Stops the broker of a project, which no VM needs any more. Fails with `broker-failed`. */
export async function stopBroker(stateRoot: string, run: Run): Promise<void> {
  const broker = runningBroker(stateRoot);
  if (broker) await end(broker);
  const { brokerRecord, brokerPid, hostToken, broker: folder, busLogs } = projectFiles(stateRoot);
  for (const path of [brokerRecord, brokerPid, hostToken]) removeOwnFile(path);
  for (const path of [folder, busLogs]) removeIfEmpty(path);
  if (broker) run.report({ type: 'broker.stopped', changed: true });
}

/** Who stops the last VM stops the broker, unless another command is about to start one. After its own lock is free. */
export async function stopIdleBroker(stateRoot: string, run: Run): Promise<void> {
  if (runningBroker(stateRoot) === undefined) return;
  await inTurn(stateRoot, NEVER, async () => {
    const starts = readOperations(stateRoot).some(({ command }) => commandEffects[command] === 'starts');
    if (!starts && runningVms(stateRoot).length === 0) await stopBroker(stateRoot, run);
  });
}

/** Also after a command was cancelled. */
const NEVER = new AbortController().signal;

/** Its pid may be another process's by now: `runningBroker` has proven that it is not, and each signal proves it again. */
async function end(broker: BrokerRecord): Promise<void> {
  signalProcess(broker, 'SIGTERM');
  if (await waitForExit(broker, TERM_MS)) return;
  signalProcess(broker, 'SIGKILL');
  if (await waitForExit(broker, KILL_MS)) return;
  throw new CastraError({
    kind: 'broker-failed',
    detail: `its process ${broker.pid} does not end, not even by SIGKILL`,
  });
}
