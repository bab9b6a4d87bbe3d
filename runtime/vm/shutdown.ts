import { setTimeout as delay } from 'node:timers/promises';
import { CastraError, messageOf } from '../contract/failures.ts';
import type { Reporter } from '../contract/reporter.ts';
import type { CooperativeTimeoutReason, EscalationSignal, ShutdownOutcome } from '../contract/vms.ts';
import type { ShutdownWaits } from '../contract/vocabulary.ts';
import { isSameProcess, type ProcessIdentity } from '../process/identity.ts';
import { classifyRunState, statusOf } from './boot/runState.ts';
import { QmpClient, QmpError } from './qmp.ts';

export interface ShutdownTarget {
  readonly vm: string;
  /** Proven to be the VM's QEMU (state/liveness.ts). */
  readonly process: ProcessIdentity;
  /** Absent when the launch record is lost. */
  readonly qmpSocket?: string;
}

/** A press before the guest's ACPI driver is up is lost although QMP reports success; a second one is harmless. */
const PRESS_AGAIN_MS = 2000;
/** How soon we see that QEMU is gone. Reading one file of /proc takes 20 µs. */
const EXIT_POLL_MS = process.platform === 'linux' ? 15 : 40;

type Cooperation =
  | { readonly kind: 'gone' }
  | { readonly kind: 'timed-out'; readonly reason: CooperativeTimeoutReason; readonly detail?: string };

/**
 * Ends one QEMU: the ACPI power button over QMP, then SIGTERM, then SIGKILL, each with its own wait. Resolves within
 * 50 ms of QEMU's exit. Aborting `signal` only ends the wait for the guest: nothing is killed then. Fails with `shutdown-failed` when even SIGKILL leaves the process there.
 */
export async function shutdownVm(
  target: ShutdownTarget,
  waits: ShutdownWaits,
  report: Reporter,
  signal: AbortSignal = new AbortController().signal,
): Promise<{ readonly outcome: ShutdownOutcome; readonly totalMs: number }> {
  const started = performance.now();
  const finish = (outcome: ShutdownOutcome) => ({ outcome, totalMs: Math.round(performance.now() - started) });
  report({ type: 'shutdown.requested', vm: target.vm });
  if (await cooperate(target, waits.gracefulMs, report, signal)) return finish('graceful');
  if (signal.aborted) throw new CastraError({ kind: 'cancelled' });
  if (await escalate(target, 'SIGTERM', waits.sigtermMs, report)) return finish('forced');
  if (await escalate(target, 'SIGKILL', waits.sigkillMs, report)) return finish('forced');
  const detail = `QEMU (pid ${target.process.pid}) is still there ${waits.sigkillMs} ms after SIGKILL; it hangs in the kernel. Check the host's disk and \`dmesg\`.`;
  throw new CastraError({ kind: 'shutdown-failed', vm: target.vm, detail });
}

/** True when the guest powered itself off. */
async function cooperate(
  target: ShutdownTarget,
  timeoutMs: number,
  report: Reporter,
  signal: AbortSignal,
): Promise<boolean> {
  const { vm } = target;
  const started = performance.now();
  const method = target.qmpSocket === undefined ? 'unavailable' : 'acpi';
  report({ type: 'shutdown.cooperative-attempted', vm, method, timeoutMs: method === 'acpi' ? timeoutMs : 0 });
  const result = await pressPowerButton(target, timeoutMs, signal);
  const elapsedMs = Math.round(performance.now() - started);
  if (result.kind === 'gone') {
    report({ type: 'shutdown.cooperative-succeeded', vm, elapsedMs });
    return true;
  }
  const { reason, detail } = result;
  report({ type: 'shutdown.cooperative-timed-out', vm, waitedMs: elapsedMs, reason, ...(detail ? { detail } : {}) });
  // It may have gone just now, or long before: no signal was needed then.
  return !isSameProcess(target.process);
}

async function pressPowerButton(target: ShutdownTarget, timeoutMs: number, signal: AbortSignal): Promise<Cooperation> {
  if (target.qmpSocket === undefined) {
    return { kind: 'timed-out', reason: 'channel-unavailable', detail: 'its launch record is lost' };
  }
  let reacted = false;
  let client: QmpClient | undefined;
  try {
    client = await QmpClient.connect(target.qmpSocket, {
      onEvent: ({ event }) => {
        reacted ||= event === 'SHUTDOWN';
      },
    });
    const refusal = await wake(client);
    if (refusal !== undefined) return { kind: 'timed-out', reason: 'channel-unavailable', detail: refusal };
    const deadline = performance.now() + timeoutMs;
    do {
      if (!reacted) await client.execute('system_powerdown');
      const waitMs = Math.min(PRESS_AGAIN_MS, deadline - performance.now());
      if (await waitForExit(target.process, waitMs, signal)) return { kind: 'gone' };
    } while (performance.now() < deadline && !signal.aborted);
    return { kind: 'timed-out', reason: 'timeout-expired' };
  } catch (error) {
    return await afterQmpError(target.process, error);
  } finally {
    client?.close();
  }
}

/** A paused guest cannot see the button, so it is resumed first; one that QEMU stopped for a fault cannot be. */
async function wake(client: QmpClient): Promise<string | undefined> {
  const state = classifyRunState(statusOf(await client.execute('query-status')));
  if (state.kind === 'broken') return state.reason;
  if (state.kind === 'paused') await client.execute('cont');
  return undefined;
}

/** QEMU may close the connection because it is just exiting, which is what we want. */
async function afterQmpError(process: ProcessIdentity, error: unknown): Promise<Cooperation> {
  if (await waitForExit(process, 100)) return { kind: 'gone' };
  const unavailable = error instanceof QmpError && error.reason === 'unavailable';
  return {
    kind: 'timed-out',
    reason: unavailable ? 'channel-unavailable' : 'channel-error',
    detail: messageOf(error),
  };
}

async function escalate(
  target: ShutdownTarget,
  signal: EscalationSignal,
  timeoutMs: number,
  report: Reporter,
): Promise<boolean> {
  try {
    if (!signalProcess(target.process, signal)) return true;
  } catch (error) {
    const detail = `QEMU (pid ${target.process.pid}) cannot be sent ${signal}: ${messageOf(error)}`;
    throw new CastraError({ kind: 'shutdown-failed', vm: target.vm, detail }, { cause: error });
  }
  report({ type: 'shutdown.escalated', vm: target.vm, signal, timeoutMs });
  return waitForExit(target.process, timeoutMs);
}

/** Never signals a pid that is not proven, at this moment, to be the same process. False when it is gone. */
export function signalProcess(target: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isSameProcess(target)) return false;
  try {
    process.kill(target.pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/** True once the process is gone. Looks at least once, also when `timeoutMs` is 0. */
export async function waitForExit(target: ProcessIdentity, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    if (!isSameProcess(target)) return true;
    const left = deadline - performance.now();
    if (left <= 0 || signal?.aborted) return false;
    await delay(Math.min(EXIT_POLL_MS, left));
  }
}
