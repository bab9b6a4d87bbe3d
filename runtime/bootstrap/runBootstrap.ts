import { randomBytes } from 'node:crypto';
import type { BootstrapStep, VmBootstrapResult } from '../contract/bootstrap.ts';
import { CastraError, describe, messageOf, singleFailure } from '../contract/failures.ts';
import type { SingleFailure } from '../contract/singleFailure.ts';
import { type BootstrapState, readBootstrapState, writeBootstrapState } from './bootstrapState.ts';
import { GuestLink } from './guest/guestLink.ts';
import { type GuestFacts, probeGuest } from './guest/probe.ts';
import { stampProgram } from './guest/programs.ts';
import type { ActiveRun, BootstrapJob, StepRecorder } from './job.ts';
import { OutputLog } from './outputLog.ts';
import { recordSteps } from './recorder.ts';
import { openRunFiles, type RunFiles, writeRunLog } from './runLog.ts';
import { explainChange, type Leftover, stampLine } from './stamp.ts';
import { transfer } from './transfer.ts';
import { applyUnits, verify } from './units.ts';

const STAMP_TIMEOUT_MS = 30_000;
const MARK_PREFIX = 'castra:';

/** Runs the bootstrap of one VM. Its failure is its result. */
export async function runBootstrap(job: BootstrapJob): Promise<VmBootstrapResult> {
  const run = new BootstrapRun(job);
  try {
    return await run.run();
  } finally {
    run.close();
  }
}

class BootstrapRun {
  readonly #job: BootstrapJob;
  readonly #link: GuestLink;
  readonly #stamp: string;
  readonly #before: BootstrapState | undefined;
  readonly #steps: BootstrapStep[] = [];
  readonly #mark = `${MARK_PREFIX}${randomBytes(9).toString('hex')}`;
  readonly #startedAt = performance.now();
  readonly #recorder: StepRecorder;
  #hash: Promise<string> | undefined;
  #knownHash: string | undefined;
  #files: RunFiles | undefined;
  #log: OutputLog | undefined;
  #reason = '';
  #group: Leftover | undefined;
  #step: string | undefined;
  #mirrors = true;

  constructor(job: BootstrapJob) {
    this.#job = job;
    const { vm } = job.plan;
    this.#stamp = stampLine(job.artifact.hash, job.disk);
    this.#before = readBootstrapState(job.stateRoot, vm);
    const onStep = (step: string) => {
      this.#step = step;
      if (this.#log) this.#note('running');
    };
    this.#recorder = recordSteps({ job, log: () => this.#log, onStep }, this.#steps);
    this.#link = new GuestLink({
      target: job.target,
      signal: job.signal,
      isAlive: job.isAlive,
      onLeftRunning: (pid) => {
        const text = `${vm}: what the step had started (process group ${pid} in the guest) could not be ended; the next bootstrap tries again.`;
        job.report({ type: 'message', severity: 'warning', text });
      },
    });
  }

  close(): void {
    this.#link.close();
    this.#log?.close();
  }

  async run(): Promise<VmBootstrapResult> {
    const job = this.#job;
    const { vm } = job.plan;
    try {
      let log = this.#knownToBeDone() ? undefined : this.#begin(this.#whyFirst());
      const facts = await this.#reach();
      if (!job.always && facts.stamp === this.#stamp) return this.#skip();
      log ??= this.#begin(
        facts.stamp === undefined ? 'the guest has no stamp' : explainChange(this.#stamp, facts.stamp),
      );
      const active = this.#active(log);
      await active.steps.run({ step: 'transfer' }, () => transfer(active, facts));
      const isNoop = await applyUnits(active, facts);
      await active.steps.run({ step: 'verify' }, () => verify(active));
      await this.#leaveStamp();
      return await this.#succeed(isNoop ? 'noop' : 'success');
    } catch (error) {
      return await this.#fail(error, vm);
    }
  }

  /** Of a run that has begun. */
  #active(log: OutputLog): ActiveRun {
    const onGroup = (group: Leftover) => {
      this.#group = group;
      this.#note('running');
    };
    const runId = this.#mark.slice(MARK_PREFIX.length);
    return { job: this.#job, link: this.#link, log, mark: this.#mark, runId, onGroup, steps: this.#recorder };
  }

  /** By this host's mirror, which the guest has to confirm. */
  #knownToBeDone(): boolean {
    const { always, uuid } = this.#job;
    const before = this.#before;
    return !always && before?.status === 'done' && before.uuid === uuid && before.stamp === this.#stamp;
  }

  #whyFirst(): string {
    const { always, plan, uuid } = this.#job;
    const before = this.#before?.uuid === uuid ? this.#before : undefined;
    if (always) return plan.mode === 'always' ? 'its mode is `always`' : 'it was asked for';
    if (before === undefined) return 'it has not run on this disk';
    if (before.status !== 'done') return 'the last run did not succeed';
    return explainChange(this.#stamp, before.stamp);
  }

  #begin(reason: string): OutputLog {
    const { stateRoot, plan, logs, report } = this.#job;
    this.#reason = reason;
    this.#files = openRunFiles(stateRoot, plan.vm, logs.keep);
    this.#log = new OutputLog(this.#files.logPath, logs);
    this.#log.note(`bootstrap of ${plan.vm}: ${reason}`);
    report({ type: 'bootstrap.started', vm: plan.vm, reason, logPath: this.#files.logPath });
    this.#hash = this.#baseHash();
    // What it fails with counts when it is needed.
    this.#hash.catch(() => undefined);
    this.#note('running');
    return this.#log;
  }

  async #reach(): Promise<GuestFacts> {
    const job = this.#job;
    const steps = this.#recorder;
    const deadline = performance.now() + job.plan.handshakeTimeoutMs;
    await steps.run({ step: 'wait-handshake' }, async () => {
      return { status: 'success', detail: await job.proveGuest(this.#link, deadline) };
    });
    const { target } = job;
    let facts: GuestFacts | undefined;
    await steps.run({ step: 'connect' }, async () => {
      const leftover = this.#leftover();
      facts = await probeGuest(job, this.#link, { mark: this.#mark, deadline, ...(leftover ? { leftover } : {}) });
      const ended = facts.ended === undefined ? '' : `; ended process group ${facts.ended} of an earlier run`;
      const at = `${target.user}@${target.login?.address ?? '127.0.0.1'}:${target.port}`;
      return { status: 'success', detail: `${at}${ended}` };
    });
    if (facts === undefined) throw new Error('the guest was not asked');
    return facts;
  }

  /** What a command that was killed left in the guest. */
  #leftover(): Leftover | undefined {
    const { guestPid, guestStarted, uuid } = this.#before ?? {};
    if (guestPid === undefined || !guestStarted || uuid !== this.#job.uuid) return undefined;
    return { pid: guestPid, started: guestStarted };
  }

  #skip(): VmBootstrapResult {
    const { report, plan } = this.#job;
    const reason = 'nothing changed since it succeeded on this disk';
    this.#log?.note(reason);
    this.#note('done');
    report({ type: 'bootstrap.skipped', vm: plan.vm, reason });
    return { vm: plan.vm, status: 'skipped', reason };
  }

  /** A failure to write it only costs another run. */
  async #leaveStamp(): Promise<void> {
    const { isPartial, plan, report } = this.#job;
    if (isPartial) return;
    const { end } = await this.#link.ask(stampProgram(this.#stamp), STAMP_TIMEOUT_MS);
    if (end.kind === 'exited' && end.exitCode === 0) return;
    const text = `${plan.vm}: the guest could not keep the stamp of its bootstrap, so the next one runs it again.`;
    report({ type: 'message', severity: 'warning', text });
  }

  async #succeed(status: 'success' | 'noop'): Promise<VmBootstrapResult> {
    const { plan, report } = this.#job;
    const durationMs = this.#elapsed();
    const files = this.#files ?? openRunFiles(this.#job.stateRoot, plan.vm, this.#job.logs.keep);
    this.#group = undefined;
    this.#log?.note(`${status} after ${durationMs} ms`);
    writeRunLog(files.runLogPath, this.#job, {
      status,
      durationMs,
      steps: this.#steps,
      baseHash: (await this.#hash?.catch(() => '')) ?? '',
    });
    this.#note('done');
    report({ type: 'bootstrap.completed', vm: plan.vm, status, durationMs });
    return { vm: plan.vm, status, reason: this.#reason, durationMs, steps: this.#steps, ...files };
  }

  async #fail(error: unknown, vm: string): Promise<VmBootstrapResult> {
    const { report, isAlive } = this.#job;
    if (this.#log === undefined && !isCancelled(error)) this.#begin('it could not be seen whether anything changed');
    const failure = this.#failureOf(error, isAlive());
    const durationMs = this.#elapsed();
    const reason = failure.kind === 'bootstrap-failed' ? failure.detail : describe(failure);
    this.#log?.note(`failed: ${reason}`);
    const files = this.#files;
    try {
      if (files) {
        const baseHash = (await this.#hash?.catch(() => '')) ?? '';
        const log = { status: 'failed', durationMs, steps: this.#steps, baseHash, error: reason } as const;
        writeRunLog(files.runLogPath, this.#job, log);
      }
      this.#note('failed', reason);
    } catch (problem) {
      const text = `${vm}: its bootstrap could not be noted: ${messageOf(problem)}`;
      report({ type: 'message', severity: 'warning', text });
    }
    if (failure.kind === 'cancelled') return { vm, status: 'cancelled' };
    report({ type: 'bootstrap.failed', vm, message: describe(failure) });
    return { vm, status: 'failed', failure, durationMs, steps: this.#steps, ...files };
  }

  #failureOf(error: unknown, isAlive: boolean): SingleFailure {
    const logPath = this.#files === undefined ? {} : { logPath: this.#files.logPath };
    const last = this.#steps.at(-1);
    const at = {
      step: last?.step ?? 'wait-handshake',
      ...(last?.name === undefined ? {} : { name: last.name }),
    } as const;
    const { vm } = this.#job.plan;
    const failure: SingleFailure =
      error instanceof CastraError
        ? singleFailure(error)
        : { kind: 'bootstrap-failed', vm, ...at, detail: messageOf(error), hint: '', output: [] };
    if (failure.kind === 'cancelled') return failure;
    const gone = isAlive ? undefined : `the guest died: its QEMU ended`;
    if (failure.kind === 'bootstrap-failed') {
      if (gone === undefined) return { ...failure, ...logPath };
      return { ...failure, detail: gone, hint: `\`castra up ${vm}\` starts it again.`, ...logPath };
    }
    const detail = gone ?? ('detail' in failure ? failure.detail.replace(/\.$/, '') : describe(failure));
    return {
      kind: 'bootstrap-failed',
      vm,
      ...at,
      detail,
      hint: gone ? `\`castra up ${vm}\` starts it again.` : '',
      output: [],
      ...logPath,
    };
  }

  #note(status: BootstrapState['status'], reason?: string): void {
    const { plan, uuid, isPartial, disk } = this.#job;
    const group = this.#group ?? (status === 'done' ? undefined : this.#leftover());
    // A part that succeeded proves nothing of the rest.
    const stamp = isPartial ? '' : this.#stamp;
    this.#mirror({
      vm: plan.vm,
      uuid,
      status,
      stamp,
      since: new Date().toISOString(),
      baseStamp: disk.baseStamp,
      ...(this.#step === undefined || status === 'done' ? {} : { step: this.#step }),
      ...(reason === undefined ? {} : { reason }),
      ...(this.#files === undefined ? {} : { logPath: this.#files.logPath }),
      ...(group === undefined ? {} : { guestPid: group.pid, guestStarted: group.started }),
      ...(this.#knownHash === undefined ? {} : { baseHash: this.#knownHash }),
    });
  }

  /** Only for those who do not ask the guest: a full disk of this host must not end a bootstrap. */
  #mirror(state: Parameters<typeof writeBootstrapState>[1]): void {
    try {
      writeBootstrapState(this.#job.stateRoot, state);
    } catch (error) {
      if (!this.#mirrors) return;
      this.#mirrors = false;
      const text = `${state.vm}: how far its bootstrap is cannot be noted: ${messageOf(error)}`;
      this.#job.report({ type: 'message', severity: 'warning', text });
    }
  }

  /** Hashed once for each state of the base image. */
  async #baseHash(): Promise<string> {
    const { disk, hashBase } = this.#job;
    const known = this.#before?.baseStamp === disk.baseStamp ? this.#before.baseHash : undefined;
    this.#knownHash = known ?? (await hashBase());
    return this.#knownHash;
  }

  #elapsed(): number {
    return Math.round(performance.now() - this.#startedAt);
  }
}

const isCancelled = (error: unknown): boolean => error instanceof CastraError && error.failure.kind === 'cancelled';
