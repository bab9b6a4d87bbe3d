import { QmpClient, QmpError } from '../qmp.ts';

/** QEMU answers in 5 ms; one that needs longer is as good as stuck for a user. */
export const QUERY_TIMEOUT_MS = 500;
/** From start to QMP greeting QEMU takes 40 ms; on a machine that swaps, seconds. */
export const START_TIMEOUT_MS = 15_000;

/** QEMU's run states (qapi/run-state.json) as far as they differ for a user. */
export type RunState =
  | { readonly kind: 'running' }
  | { readonly kind: 'paused' }
  | { readonly kind: 'shutting-down' }
  | { readonly kind: 'broken'; readonly reason: string }
  /** QEMU does not answer: it hangs, or it is stopped by a debugger or by SIGSTOP. */
  | { readonly kind: 'unresponsive'; readonly reason: string };

/** What QEMU's own status words mean to a person. */
const broken: Readonly<Record<string, string>> = {
  'internal-error': 'the accelerator failed inside QEMU (status internal-error): set `accelerator = "tcg"`',
  'io-error': 'a disk write failed on the host (status io-error): free some disk space',
  'guest-panicked': 'the guest kernel panicked (status guest-panicked): see the serial log',
  watchdog: 'the watchdog stopped the guest (status watchdog)',
};

export function classifyRunState(status: string): RunState {
  const reason = broken[status];
  if (reason !== undefined) return { kind: 'broken', reason };
  if (status === 'running' || status === 'inmigrate' || status === 'prelaunch') return { kind: 'running' };
  return status === 'shutdown' ? { kind: 'shutting-down' } : { kind: 'paused' };
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
