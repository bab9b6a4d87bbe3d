import { followFile } from '../../logs/follow.ts';
import { sizeOf } from '../../logs/rotated.ts';
import { pause } from '../../process/pause.ts';
import { vmFiles } from '../../state/layout.ts';
import type { LaunchRecord } from '../../state/record.ts';
import { findKernelPanic } from '../../vm/boot/kernelPanic.ts';
import {
  classifyRunState,
  QUERY_TIMEOUT_MS,
  queryRunState,
  type RunState,
  statusOf,
  type Wake,
} from '../../vm/boot/runState.ts';
import { QmpClient, QmpError } from '../../vm/qmp.ts';

/** A guest whose disk is still full stops again at its next write, a few milliseconds after `cont`. */
const SETTLE_MS = 400;
/** A panic's stack trace takes 2 to 8 KiB; what matters is the end of the log. */
const SEARCHED_BYTES = 64 * 1024;

/** QEMU's run state, and what the serial log adds to it: a kernel that panicked leaves QEMU running. */
export async function guestState(stateRoot: string, record: LaunchRecord): Promise<RunState> {
  const state = await queryRunState(record.sockets.monitor, QUERY_TIMEOUT_MS);
  if (state.kind !== 'running') return state;
  const { serialLog } = vmFiles(stateRoot, record.vm);
  const panic = findKernelPanic(followFile(serialLog, Math.max(0, sizeOf(serialLog) - SEARCHED_BYTES)).read());
  return panic === undefined ? state : { kind: 'broken', reason: `the guest kernel panicked: ${panic}` };
}

/** A guest that does not run as it should. */
export type Standing = Exclude<RunState, { readonly kind: 'running' }>;

/** Why a guest stands still and what to do: the rest of a sentence, then a sentence. */
export function explainStanding(vm: string, state: Standing): string {
  if (state.kind === 'shutting-down')
    return `the guest is shutting down. Wait until it is off, or stop it at once with \`castra down --graceful-wait-secs 0 ${vm}\`.`;
  const canContinue = 'wake' in state && state.wake !== undefined;
  return `${state.reason}. ${canContinue ? `\`castra resume ${vm}\` continues it.` : `\`castra down ${vm}\` stops it.`}`;
}

/** Whether a guest continues by itself or could be made to. */
export type Awake =
  | { readonly kind: 'was-running' }
  /** `from`: why it stood still, the rest of a sentence. */
  | { readonly kind: 'resumed'; readonly from: string }
  | { readonly kind: 'stays'; readonly state: Standing };

/** Lets a guest that stands still continue, where that is possible. */
export async function wake(stateRoot: string, record: LaunchRecord): Promise<Awake> {
  const before = await guestState(stateRoot, record);
  if (before.kind === 'running') return { kind: 'was-running' };
  if (!('wake' in before) || before.wake === undefined) return { kind: 'stays', state: before };
  const after = await tryWake(record.sockets.monitor, before.wake);
  return after.kind === 'running' ? { kind: 'resumed', from: before.reason } : { kind: 'stays', state: after };
}

/** Sends the command, and returns what the guest does a moment later. */
async function tryWake(socketPath: string, command: Wake): Promise<RunState> {
  const stopped = new AbortController();
  let client: QmpClient | undefined;
  try {
    client = await QmpClient.connect(socketPath, {
      timeoutMs: QUERY_TIMEOUT_MS,
      onEvent: ({ event }) => {
        if (event === 'STOP') stopped.abort();
      },
    });
    await client.execute(command);
    await pause(SETTLE_MS, stopped.signal);
    return classifyRunState(statusOf(await client.execute('query-status')));
  } catch (error) {
    if (!(error instanceof QmpError)) throw error;
    return { kind: 'unresponsive', reason: `QEMU refused to continue the guest (${error.message})` };
  } finally {
    client?.close();
  }
}
