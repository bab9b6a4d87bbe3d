import { QmpClient, QmpError } from '../qmp.ts';

/** QEMU answers in 5 ms; one that needs longer is as good as stuck for a user. */
export const QUERY_TIMEOUT_MS = 500;
/** From start to QMP greeting QEMU takes 40 ms; on a machine that swaps, seconds. */
export const START_TIMEOUT_MS = 15_000;

/** The QMP command that lets a stopped guest continue. */
export type Wake = 'cont' | 'system_wakeup';

/** QEMU's run states (qapi/run-state.json) as far as they differ for a user. A reason is the rest of a sentence. */
export type RunState =
  | { readonly kind: 'running' }
  /** The guest stands still and can continue. */
  | { readonly kind: 'paused'; readonly reason: string; readonly wake: Wake }
  | { readonly kind: 'shutting-down' }
  /** The guest stands still and cannot continue as it is; `wake` where that changes once its cause is gone. */
  | { readonly kind: 'broken'; readonly reason: string; readonly wake?: Wake }
  /** QEMU does not answer: it hangs, or it is stopped by a debugger or by SIGSTOP. */
  | { readonly kind: 'unresponsive'; readonly reason: string };

const states: Readonly<Record<string, RunState>> = {
  running: { kind: 'running' },
  inmigrate: { kind: 'running' },
  prelaunch: { kind: 'running' },
  shutdown: { kind: 'shutting-down' },
  suspended: { kind: 'paused', reason: 'the guest put itself to sleep (status suspended)', wake: 'system_wakeup' },
  'io-error': {
    kind: 'broken',
    reason: 'a disk write failed on the host (status io-error): free some disk space',
    wake: 'cont',
  },
  'internal-error': {
    kind: 'broken',
    reason: 'the accelerator failed inside QEMU (status internal-error): set `accelerator = "tcg"`',
  },
  'guest-panicked': {
    kind: 'broken',
    reason: 'the guest kernel panicked (status guest-panicked): see the serial log',
  },
  watchdog: { kind: 'broken', reason: 'the watchdog stopped the guest (status watchdog)' },
};

export function classifyRunState(status: string): RunState {
  return Object.hasOwn(states, status) && states[status] !== undefined
    ? states[status]
    : { kind: 'paused', reason: `it was paused over QMP (status ${status})`, wake: 'cont' };
}

/** Asks a running QEMU for its status over a QMP socket. */
export async function queryRunState(socketPath: string, timeoutMs: number): Promise<RunState> {
  let client: QmpClient | undefined;
  try {
    client = await QmpClient.connect(socketPath, { timeoutMs });
    return classifyRunState(statusOf(await client.execute('query-status')));
  } catch (error) {
    if (!(error instanceof QmpError)) throw error;
    return { kind: 'unresponsive', reason: `QEMU does not answer on its QMP socket (${error.message})` };
  } finally {
    client?.close();
  }
}

export function statusOf(reply: unknown): string {
  return typeof reply === 'object' && reply !== null && 'status' in reply ? String(reply.status) : 'unknown';
}
