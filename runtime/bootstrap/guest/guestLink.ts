import { CastraError } from '../../contract/failures.ts';
import { pause } from '../../process/pause.ts';
import { openSession, type SessionCommand, type SshSession } from '../../ssh/session.ts';
import type { SshTarget } from '../../ssh/target.ts';
import { stopProgram } from './programs.ts';
import { shellLine } from './shell.ts';

/** How a program in the guest ended. */
export type GuestEnd =
  | { readonly kind: 'exited'; readonly exitCode: number }
  /** The connection ended before it did. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'timed-out'; readonly stopped: boolean };

export interface GuestCommand extends SessionCommand {
  readonly timeoutMs: number;
  /** The process group to end with a timeout or a cancel, once it is known. */
  readonly group?: () => number | undefined;
}

export interface LinkRequest {
  readonly target: SshTarget;
  readonly signal: AbortSignal;
  /** QEMU's process: without it, there is no guest to wait for. */
  readonly isAlive: () => boolean;
  /** What a cancel could not end. */
  readonly onLeftRunning: (pid: number) => void;
}

/** Between attempts to connect; an emulated guest needs most of a second for one. */
const PAUSES_MS = [200, 500, 1000, 2000];
/** A key that is wrong stays wrong, but cloud-init may be about to install the right one, and to let us in. */
const REFUSALS_MS = 15_000;
const STOP_TIMEOUT_MS = 15_000;
/** Node takes a longer one for none at all. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const SILENT = async (): Promise<void> => undefined;

/** The way to a guest: one connection after another, each opened when it is needed. */
export class GuestLink {
  readonly #request: LinkRequest;
  #session: SshSession | undefined;

  constructor(request: LinkRequest) {
    this.#request = request;
  }

  /** Connects, trying again until the deadline (of `performance.now()`). Fails with what the last attempt failed with. */
  async connect(deadline: number): Promise<void> {
    const { target, signal, isAlive } = this.#request;
    const startedAt = performance.now();
    for (let failed = 0; this.#session === undefined || this.#session.isClosed; failed++) {
      const left = deadline - performance.now();
      try {
        this.#session = await openSession(target, signal, Math.max(1000, Math.min(left, 30_000)));
        return;
      } catch (error) {
        if (!isAlive()) throw died(target.vm);
        if (isCancel(error) || performance.now() >= deadline) throw error;
        if (isFinal(error) && performance.now() - startedAt > Math.min(REFUSALS_MS, deadline - startedAt)) throw error;
        await pause(PAUSES_MS[Math.min(failed, PAUSES_MS.length - 1)] ?? 0, signal);
        if (signal.aborted) throw new CastraError({ kind: 'cancelled' });
      }
    }
  }

  /** Runs a command over the open connection. Fails with `cancelled`, and with what its input fails with. */
  async run(command: GuestCommand): Promise<GuestEnd> {
    const { signal } = this.#request;
    if (signal.aborted) throw new CastraError({ kind: 'cancelled' });
    const session = this.#session;
    if (session === undefined || session.isClosed) return { kind: 'lost' };
    const started = await session.start(command).catch((error: unknown) => {
      if (session.isClosed) return undefined;
      throw error;
    });
    if (started === undefined) return { kind: 'lost' };
    const limit = AbortSignal.timeout(Math.min(Math.ceil(command.timeoutMs), LONGEST_TIMER_MS));
    const over = AbortSignal.any([signal, limit]);
    const isOver = new Promise<'over'>((done) => {
      if (over.aborted) done('over');
      over.addEventListener('abort', () => done('over'), { once: true });
    });
    const end = await Promise.race([started.end, isOver]);
    if (end === 'over') return await this.#stop(started, command, signal.aborted);
    return end.kind === 'lost' ? end : { kind: 'exited', exitCode: end.exitCode };
  }

  /** Runs a program for what it prints. */
  async ask(program: string, timeoutMs: number): Promise<{ readonly end: GuestEnd; readonly text: string }> {
    let text = '';
    const take = async (stream: string, piece: string): Promise<void> => {
      if (stream === 'stdout' && text.length < MAX_ANSWER) text += piece;
    };
    const end = await this.run({ line: shellLine(), input: program, take, timeoutMs });
    return { end, text };
  }

  close(): void {
    this.#session?.close();
    this.#session = undefined;
  }

  async #stop(
    started: { readonly end: Promise<unknown>; abandon(): void },
    { group, line }: GuestCommand,
    isCancel: boolean,
  ): Promise<GuestEnd> {
    // It is ended here: how it ends, or that its connection is lost, says nothing that is not known.
    started.end.catch(() => undefined);
    const pid = group?.();
    const stopped = pid === undefined || (await this.#endGroup(pid, line));
    started.abandon();
    if (!isCancel) return { kind: 'timed-out', stopped };
    if (!stopped && pid !== undefined) this.#request.onLeftRunning(pid);
    throw new CastraError({ kind: 'cancelled' });
  }

  /** As the user that runs it. The run's signal may be aborted already, so this goes by a limit of its own. */
  async #endGroup(pid: number, line: string): Promise<boolean> {
    const limit = AbortSignal.timeout(STOP_TIMEOUT_MS);
    const isOver = new Promise<undefined>((done) => limit.addEventListener('abort', () => done(undefined)));
    try {
      if (this.#session === undefined || this.#session.isClosed) {
        this.#session = await openSession(this.#request.target, limit);
      }
      const command = { line, input: stopProgram(pid), take: SILENT };
      const { end } = await this.#session.start(command);
      const result = await Promise.race([end, isOver]);
      return result?.kind === 'exited' && result.exitCode === 0;
    } catch {
      return false;
    }
  }
}

const MAX_ANSWER = 64 * 1024;

const isCancel = (error: unknown): boolean => error instanceof CastraError && error.failure.kind === 'cancelled';

const isFinal = (error: unknown): boolean =>
  error instanceof CastraError &&
  (error.failure.kind === 'host-key-mismatch' ||
    (error.failure.kind === 'ssh-failed' && /rejects the key|cannot be (?:used|read)/.test(error.failure.detail)));

/** The guest is gone with its QEMU. */
export const died = (vm: string): CastraError =>
  new CastraError({
    kind: 'not-running',
    vm,
    detail: `its QEMU ended meanwhile. \`castra up ${vm}\` starts it again.`,
  });
