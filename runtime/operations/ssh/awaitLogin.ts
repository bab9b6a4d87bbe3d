import { CastraError } from '../../contract/failures.ts';
import { isSameProcess } from '../../process/identity.ts';
import { pause } from '../../process/pause.ts';
import { proveLogin } from '../../ssh/proveLogin.ts';
import type { LaunchRecord } from '../../state/record.ts';
import { askUsernet } from '../../vm/boot/forwardProbe.ts';
import { reachGuest } from '../../vm/boot/guestConnection.ts';
import { type LoginAttempt, readBanner } from '../../vm/boot/loginProbe.ts';
import { QUERY_TIMEOUT_MS } from '../../vm/boot/runState.ts';
import { QmpClient } from '../../vm/qmp.ts';
import type { Run } from '../run.ts';
import { type SshPlace, targetOf } from './sshFiles.ts';

/** A VM that may still be starting, and until when. */
export interface YoungVm {
  readonly record: LaunchRecord;
  readonly deadline: number;
}

const TRY_EVERY_MS = 500;
/** Of one try, for a command that waits. */
const TRY_TIMEOUT_MS = 30_000;

/**
 * Before a command logs in to a VM that `up` did not wait for: waits until it lets us in, instead of failing with what
 * is only true for another second. Says so once. Other VMs are not looked at, for that would cost every call time.
 */
export async function awaitLogin(place: SshPlace, young: YoungVm, run: Run): Promise<void> {
  const { record, deadline } = young;
  for (let told = false; runs(record); told = true) {
    const left = deadline - Date.now();
    if (left <= 0) return;
    const signal = AbortSignal.any([run.signal, AbortSignal.timeout(Math.min(TRY_TIMEOUT_MS, left))]);
    const attempt = await tryLogin(place, record, signal);
    if (run.signal.aborted) throw new CastraError({ kind: 'cancelled' });
    if (attempt?.kind === 'in') return;
    const text = `${record.vm} is starting; waiting until it lets you in.`;
    if (!told) run.report({ type: 'message', severity: 'info', text });
    await pause(TRY_EVERY_MS, run.signal);
  }
}

/** A VM that ended meanwhile will not accept a login; the command that follows says so. */
const runs = ({ pid, startToken }: LaunchRecord): boolean =>
  pid !== undefined && startToken !== undefined && isSameProcess({ pid, startToken });

/** One try to log in to a running VM, or to read its banner. Undefined when the guest took no connection. */
export async function tryLogin(
  place: SshPlace,
  record: LaunchRecord,
  signal: AbortSignal,
): Promise<LoginAttempt | undefined> {
  const monitor = await QmpClient.connect(record.sockets.monitor, { timeoutMs: QUERY_TIMEOUT_MS }).catch(
    () => undefined,
  );
  try {
    const readUsernet = () => (monitor ? askUsernet(monitor) : Promise.resolve(undefined));
    const reach = await reachGuest({ port: record.sshPort, readUsernet, signal });
    if (reach.kind !== 'taken') return undefined;
    const isLogin = record.ready.kind === 'ssh';
    return isLogin
      ? await proveLogin(targetOf(place, record), reach.socket, signal)
      : await readBanner(reach.socket, signal);
  } finally {
    monitor?.close();
  }
}
