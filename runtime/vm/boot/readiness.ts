import type { Phase, ReadySignal } from '../../contract/vocabulary.ts';
import { followFile } from '../../logs/follow.ts';
import { pause } from '../../process/pause.ts';
import type { RunningQemu } from '../launch.ts';
import type { QmpEvent } from '../qmp.ts';
import { type BootEvidence, explain, lastLines, noEvidence, type Observation, observe } from './bootEvidence.ts';
import { askUsernet } from './forwardProbe.ts';
import { reachGuest } from './guestConnection.ts';
import { type LinePattern, linePattern } from './linePattern.ts';
import { type LoginAttempt, type LoginProbe, readBanner } from './loginProbe.ts';
import { classifyRunState, statusOf } from './runState.ts';

/** How a wait ended. */
export type Readiness =
  | { readonly kind: 'ready'; readonly evidence: string }
  | {
      readonly kind: 'not-ready';
      readonly phase: Phase;
      readonly detail: string;
      readonly serialTail: readonly string[];
    }
  | { readonly kind: 'exited'; readonly detail: string; readonly serialTail: readonly string[] }
  | { readonly kind: 'cancelled' };

export interface ReadinessRequest {
  readonly qemu: RunningQemu;
  readonly serialLog: string;
  /** Where in it the boot begins: a reboot is logged behind the boot before. */
  readonly serialFrom?: number;
  readonly ready: ReadySignal;
  readonly sshPort: number;
  /** Logs in, for `ready = "ssh"`. */
  readonly logIn: LoginProbe;
  /** How the guest said hello to the broker in this launch; undefined while it did not. */
  readonly busHello?: () => string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onPhase: (phase: Phase) => void;
}

/** Looking at the serial log this often shows each step within 100 ms and costs one read of a small file. */
const TICK_MS = 40;
/** After a connection that was refused at once, by a guest where nothing listens yet or by this host. */
const REFUSED_PAUSE_MS = 150;
/** After the first tries to log in that failed, and then each time. */
const LOGIN_PAUSES_MS = [300, 600, 1000, 1500, 2000];
/** A prompt that nothing followed for this long is where the boot has stopped. */
const STOP_SETTLES_MS = 3000;
const TAIL_LINES = 8;

/** What QMP reports between launch and the end of the wait; QEMU sends it in any case. */
export class BootEvents {
  networkCard = false;
  stopped = false;

  readonly record = ({ event }: QmpEvent): void => {
    this.networkCard ||= event === 'NIC_RX_FILTER_CHANGED';
    this.stopped = event === 'STOP' || (this.stopped && event !== 'RESUME');
  };
}

/** Watches one VM until it proves itself, stops on its way, ends, or time is up. */
export async function waitUntilReady(request: ReadinessRequest, events: BootEvents): Promise<Readiness> {
  const { ready } = request;
  const pattern = ready.kind === 'serial' ? await linePattern(ready.pattern) : undefined;
  const watch = new BootWatch(request, events, pattern);
  try {
    return await watch.run();
  } finally {
    watch.stop();
  }
}

class BootWatch {
  readonly #request: ReadinessRequest;
  readonly #events: BootEvents;
  readonly #serial: ReturnType<typeof followFile>;
  readonly #pattern: LinePattern | undefined;
  readonly #finished = new AbortController();
  #evidence: BootEvidence = noEvidence;
  #login: string | undefined;
  #line: string | undefined;
  /** What the last try to log in came to. */
  #trouble: string | undefined;
  #exit: string | undefined;
  #lastOutputAt = performance.now();

  constructor(request: ReadinessRequest, events: BootEvents, pattern: LinePattern | undefined) {
    this.#pattern = pattern;
    this.#request = request;
    this.#events = events;
    this.#serial = followFile(request.serialLog, request.serialFrom);
    void request.qemu.exited.then((how) => {
      this.#exit = how;
      this.stop();
    });
  }

  stop(): void {
    this.#finished.abort();
  }

  async run(): Promise<Readiness> {
    const { timeoutMs, signal } = this.#request;
    const deadline = performance.now() + timeoutMs;
    this.#take({ kind: 'machine-running' });
    const probe = this.#loginProbe();
    if (probe) void this.#tryLogins(probe);
    const over = AbortSignal.any([signal, this.#finished.signal]);
    for (;;) {
      const end = await this.#look(performance.now() >= deadline);
      if (end) return end;
      await pause(TICK_MS, over);
    }
  }

  async #look(late: boolean): Promise<Readiness | undefined> {
    if (this.#request.signal.aborted) return { kind: 'cancelled' };
    this.#readSerial();
    if (this.#events.networkCard) this.#take({ kind: 'network-card' });
    const proof = this.#proof();
    if (proof !== undefined) return { kind: 'ready', evidence: proof };
    if (this.#exit !== undefined) return { kind: 'exited', detail: this.#exit, serialTail: this.#tail() };
    const broken = this.#events.stopped ? await this.#explainStop() : undefined;
    if (broken) return broken;
    const settled = performance.now() - this.#lastOutputAt > STOP_SETTLES_MS;
    const isStuck = this.#evidence.stop?.final ?? false;
    if (!late && !(isStuck && settled)) return undefined;
    const reason = isStuck ? explain(this.#evidence) : (this.#trouble ?? explain(this.#evidence));
    return this.#notReady(reason, late);
  }

  #proof(): string | undefined {
    switch (this.#request.ready.kind) {
      case 'none':
        return 'nothing to wait for';
      case 'ssh':
      case 'banner':
        return this.#login;
      case 'broker':
        return this.#request.busHello?.();
      case 'serial':
        return this.#line === undefined ? undefined : `serial: ${this.#line}`;
    }
  }

  /** QEMU sent STOP: a user paused it, or it met something from which it cannot continue. */
  async #explainStop(): Promise<Readiness | undefined> {
    const status = this.#request.qemu.qmp.execute('query-status').then(statusOf);
    // Without an answer QEMU is ending or hangs: its exit or the time limit will show which.
    const state = await status.then(classifyRunState, () => undefined);
    return state?.kind === 'broken' ? this.#notReady(state.reason, false) : undefined;
  }

  #notReady(reason: string, late: boolean): Readiness {
    const waited = late ? `no ${describeSignal(this.#request.ready)} within ${this.#request.timeoutMs / 1000} s: ` : '';
    return { kind: 'not-ready', phase: this.#evidence.phase, detail: `${waited}${reason}.`, serialTail: this.#tail() };
  }

  #readSerial(): void {
    const text = this.#serial.read();
    if (text === '') return;
    this.#lastOutputAt = performance.now();
    this.#line ??= this.#pattern?.find(text);
    this.#take({ kind: 'serial', text });
  }

  #take(observation: Observation): void {
    const before = this.#evidence.phase;
    this.#evidence = observe(this.#evidence, observation);
    if (this.#evidence.phase !== before) this.#request.onPhase(this.#evidence.phase);
  }

  #loginProbe(): LoginProbe | undefined {
    const { ready, logIn } = this.#request;
    if (ready.kind === 'banner') return readBanner;
    return ready.kind === 'ssh' ? logIn : undefined;
  }

  /** One connection at a time, each until it is answered or ended: real SSH servers drop those who knock too often. */
  async #tryLogins(probe: LoginProbe): Promise<void> {
    const { signal } = this.#finished;
    for (let failed = 0; !signal.aborted; ) {
      const reach = await reachGuest({
        port: this.#request.sshPort,
        readUsernet: () => askUsernet(this.#request.qemu.qmp),
        signal,
      });
      if (signal.aborted) return;
      if (reach.kind === 'refused') this.#take({ kind: 'connection-refused' });
      if (reach.kind !== 'taken') {
        await pause(reach.kind === 'silent' ? 0 : REFUSED_PAUSE_MS, signal);
        continue;
      }
      this.#take({ kind: 'connection-taken' });
      const attempt = await probe(reach.socket, signal);
      if (attempt.kind === 'in') this.#login = attempt.evidence;
      else this.#trouble = describeAttempt(attempt);
      if (attempt.kind === 'in') return;
      await pause(LOGIN_PAUSES_MS[failed++] ?? LOGIN_PAUSES_MS.at(-1) ?? 0, signal);
    }
  }

  #tail(): string[] {
    this.#readSerial();
    return lastLines(this.#evidence.serial, TAIL_LINES);
  }
}

function describeAttempt(attempt: Exclude<LoginAttempt, { kind: 'in' }>): string {
  switch (attempt.kind) {
    case 'no-server':
      return `the guest takes connections to its SSH port, but no SSH server answers (${attempt.why})`;
    case 'stranger':
      return `an SSH server answers, but ${attempt.why}: its image has no cloud-init, or keeps a key of its own. \`ready = "banner"\` waits for no more than that answer`;
    case 'denied':
      return `an SSH server answers, but ${attempt.why}: its image has no cloud-init, or another user (\`ssh_user\`). \`ready = "banner"\` waits for no more than that answer`;
  }
}

function describeSignal(ready: ReadySignal): string {
  switch (ready.kind) {
    case 'ssh':
      return 'SSH login';
    case 'banner':
      return 'SSH banner';
    case 'broker':
      return 'hello of its agent to the broker';
    case 'serial':
      return `line matching /${ready.pattern}/ on the serial console`;
    case 'none':
      return 'signal';
  }
}
