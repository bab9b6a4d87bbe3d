import { vmFiles } from '../../state/layout.ts';
import type { LaunchRecord } from '../../state/record.ts';
import { readKernelPanic } from '../../vm/boot/kernelPanic.ts';
import { classifyRunState, QUERY_TIMEOUT_MS, queryRunState, type RunState, statusOf } from '../../vm/boot/runState.ts';
import { QmpClient, QmpError } from '../../vm/qmp.ts';

/** A guest whose disk is still full stops again at its next write, a few milliseconds after `cont`. */
const SETTLE_MS = 400;

/** QEMU's run state, and what the serial log adds to it: a kernel that panicked leaves QEMU running. */
export async function guestState(stateRoot: string, record: LaunchRecord): Promise<RunState> {
  const state = await queryRunState(record.sockets.monitor, QUERY_TIMEOUT_MS);
  if (state.kind !== 'running') return state;
  const panic = readKernelPanic(vmFiles(stateRoot, record.vm).serialLog);
  return panic === undefined ? state : { kind: 'broken', reason: `the guest kernel panicked: ${panic}` };
}

/** Whether a guest continues by itself or could be made to. */
export type Awake =
  | { readonly kind: 'was-running' }
  | { readonly kind: 'resumed'; readonly from: string }
  /** `reason` is the rest of a sentence. */
  | { readonly kind: 'stays'; readonly reason: string };

/** Lets a guest that stands still continue, where that is possible. */
export async function wake(stateRoot: string, record: LaunchRecord): Promise<Awake> {
  const before = await guestState(stateRoot, record);
  switch (before.kind) {
    case 'running':
      return { kind: 'was-running' };
    case 'shutting-down':
      return { kind: 'stays', reason: 'the guest is shutting down' };
    case 'unresponsive':
      return { kind: 'stays', reason: before.reason };
    case 'paused':
    case 'broken': {
      if (before.wake === undefined) return { kind: 'stays', reason: before.reason };
      const after = await tryWake(record.sockets.monitor, before.wake);
      return after.kind === 'running' ? { kind: 'resumed', from: before.reason } : stays(after);
    }
  }
}

function stays(after: Exclude<RunState, { kind: 'running' }>): Awake {
  return { kind: 'stays', reason: after.kind === 'shutting-down' ? 'the guest is shutting down' : after.reason };
}

/** Sends the command, and says what the guest does a moment later. */
async function tryWake(socketPath: string, command: string): Promise<RunState> {
  let client: QmpClient | undefined;
  try {
    let stopped: () => void = () => undefined;
    const settled = new Promise<void>((done) => {
      stopped = done;
      setTimeout(done, SETTLE_MS);
    });
    let resumed = false;
    client = await QmpClient.connect(socketPath, {
      timeoutMs: QUERY_TIMEOUT_MS,
      onEvent: ({ event }) => {
        resumed ||= event === 'RESUME' || event === 'WAKEUP';
        if (resumed && event === 'STOP') stopped();
      },
    });
    await client.execute(command);
    await settled;
    return classifyRunState(statusOf(await client.execute('query-status')));
  } catch (error) {
    if (!(error instanceof QmpError)) throw error;
    return { kind: 'unresponsive', reason: `QEMU refused to continue the guest (${error.message})` };
  } finally {
    client?.close();
  }
}
