import type { Phase } from '../../contract/vms.ts';
import type { ReadySignal } from '../../contract/vocabulary.ts';
import { followFile } from '../../logs/follow.ts';
import { pause } from '../../process/pause.ts';
import type { RunningQemu } from '../launch.ts';
import type { QmpEvent } from '../qmp.ts';
import { type BootEvidence, explain, lastLines, noEvidence, type Observation, observe } from './bootEvidence.ts';
import { classifyRunState, statusOf } from './runState.ts';
import { probeSshBanner } from './sshBanner.ts';

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
  readonly ready: ReadySignal;
  readonly sshPort: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onPhase: (phase: Phase) => void;
}

/** Looking at the serial log this often shows each step within 100 ms and costs one read of a small file. */
const TICK_MS = 40;
/** A guest that just began to listen is met by the next probe; older ones may be lost in the guest's start. */
const SSH_PROBE_EVERY_MS = 200;
const SSH_PROBE_TIMEOUT_MS = 600;
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
  const watch = new BootWatch(request, events);
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
  readonly #finished = new AbortController();
  #evidence: BootEvidence = noEvidence;
  #banner: string | undefined;
  #exit: string | undefined;
  #lastOutputAt = performance.now();

  constructor(request: ReadinessRequest, events: BootEvents) {
    this.#request = request;
    this.#events = events;
    this.#serial = followFile(request.serialLog);
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
    if (this.#request.ready.kind === 'ssh') void this.#probeSsh();
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
    if (late || (this.#evidence.stop?.final && settled)) return this.#notReady(explain(this.#evidence), late);
    return undefined;
  }

  #proof(): string | undefined {
    const { ready } = this.#request;
    if (ready.kind === 'none') return 'nothing to wait for';
    if (ready.kind === 'ssh') return this.#banner;
    const match = new RegExp(ready.pattern, 'm').exec(this.#evidence.serial);
    return match ? `serial: ${match[0]}` : undefined;
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
    this.#take({ kind: 'serial', text });
  }

  #take(observation: Observation): void {
    const before = this.#evidence.phase;
    this.#evidence = observe(this.#evidence, observation);
    if (this.#evidence.phase !== before) this.#request.onPhase(this.#evidence.phase);
  }

  /** Several short probes overlap: one that the guest's start swallowed does not delay the next. */
  async #probeSsh(): Promise<void> {
    while (!this.#finished.signal.aborted) {
      void probeSshBanner(this.#request.sshPort, SSH_PROBE_TIMEOUT_MS).then((probe) => {
        if (this.#finished.signal.aborted) return;
        if (probe.kind === 'refused') this.#take({ kind: 'connection-refused' });
        if (probe.kind === 'banner') this.#banner = probe.text;
      });
      await pause(SSH_PROBE_EVERY_MS, this.#finished.signal);
    }
  }

  #tail(): string[] {
    this.#readSerial();
    return lastLines(this.#evidence.serial, TAIL_LINES);
  }
}

function describeSignal(ready: ReadySignal): string {
  switch (ready.kind) {
    case 'ssh':
      return 'SSH banner';
    case 'serial':
      return `line matching /${ready.pattern}/ on the serial console`;
    case 'none':
      return 'signal';
  }
}
