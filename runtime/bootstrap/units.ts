import { CastraError } from '../contract/failures.ts';
import { pause } from '../process/pause.ts';
import { plainText } from './guest/plainText.ts';
import { type GuestFacts, probeGuest } from './guest/probe.ts';
import { applyProgram, bootIdProgram, rebootProgram, verifyProgram } from './guest/programs.ts';
import { shellLine } from './guest/shell.ts';
import { UnitOutput } from './guest/unitOutput.ts';
import { LOST_HINT } from './hints.ts';
import type { ActiveRun, StepOutcome } from './job.ts';
import type { Unit } from './plan.ts';
import { explainEnd, type StepFailure, stepFailed } from './stepFailure.ts';
import { transfer } from './transfer.ts';

const VERIFY_TIMEOUT_MS = 300_000;
const REBOOT_TIMEOUT_MS = 600_000;
const ASK_TIMEOUT_MS = 30_000;
/** After failures, before the step is tried again. */
const RETRY_PAUSES_MS = [1000, 2000, 5000, 10_000];

/** Runs every unit in order. True when none of them had anything to do. */
export async function applyUnits(active: ActiveRun, facts: GuestFacts): Promise<boolean> {
  let isNoop = true;
  let { bootId } = facts;
  for (const unit of active.job.plan.units) {
    await waitForOthers(active, unit);
    const { status } = await active.steps.run({ step: 'apply', name: unit.name }, () => applyWithRetries(active, unit));
    isNoop &&= status !== 'success';
    // A step that was skipped does not restart the guest either.
    if (!unit.reboot || status === 'skipped') continue;
    await active.steps.run({ step: 'reboot', name: unit.name }, async () => {
      bootId = await reboot(active, unit, bootId);
      return { status: 'success', detail: 'the guest is back' };
    });
    await sendAgain(active);
  }
  return isNoop;
}

async function waitForOthers({ job, steps }: ActiveRun, { name, needs }: Unit): Promise<void> {
  if (needs.length === 0) return;
  const step = { step: 'apply', name } as const;
  steps.waiting(step, `for the bootstrap of ${needs.join(', ')}`);
  const why = await job.waitFor(needs);
  if (job.signal.aborted) throw new CastraError({ kind: 'cancelled' });
  if (why !== undefined) throw stepFailed(job.plan.vm, { ...step, detail: why, hint: 'Correct that first.' });
}

async function applyWithRetries(active: ActiveRun, unit: Unit): Promise<StepOutcome> {
  const { job, link, steps } = active;
  const step = { step: 'apply', name: unit.name } as const;
  for (let failed = 0; ; failed++) {
    const result = await applyOnce(active, unit);
    if (!('detail' in result) || 'status' in result) return result;
    if (failed >= unit.retries) throw stepFailed(job.plan.vm, { ...step, ...result });
    steps.retrying(step, `${result.detail}; attempt ${failed + 2} of ${unit.retries + 1}`);
    await pause(RETRY_PAUSES_MS[Math.min(failed, RETRY_PAUSES_MS.length - 1)] ?? 0, job.signal);
    await link.connect(performance.now() + job.plan.handshakeTimeoutMs);
  }
}

type Failed = Omit<StepFailure, 'step' | 'name'>;

async function applyOnce(active: ActiveRun, unit: Unit): Promise<StepOutcome | Failed> {
  const { job, link, mark, runId } = active;
  const { timeoutMs } = unit;
  await link.connect(performance.now() + job.plan.handshakeTimeoutMs);
  const output = watch(active, unit.name);
  const input = applyProgram(job.plan, unit, { mark, runId });
  const end = await link.run({
    line: shellLine(unit.user),
    input,
    take: output.take,
    timeoutMs,
    group: () => output.group,
  });
  const isRestarting = unit.reboot && end.kind === 'lost';
  if (!isRestarting && !(end.kind === 'exited' && end.exitCode === 0))
    return { ...explainEnd(end, { timeoutMs, output: output.tail }), output: output.tail };
  if (output.error !== undefined)
    return { detail: output.error || 'it reported an error without a reason', hint: REPORTED, output: output.tail };
  if (output.skipped === undefined) return { status: output.noop ? 'noop' : 'success' };
  const why = output.skipped === 'creates' ? `${unit.creates} exists` : 'its check succeeded';
  return { status: 'skipped', detail: why };
}

const REPORTED = 'The script printed this itself, as `Castra:error:`.';

function watch({ job, log, mark, onGroup }: ActiveRun, name: string): UnitOutput {
  const { plan, report, drained, signal } = job;
  const pass = async (stream: 'stdout' | 'stderr', text: string): Promise<void> => {
    log.output(text);
    if (signal.aborted) return;
    report({ type: 'bootstrap.output', vm: plan.vm, name, stream, text });
    await drained?.();
  };
  return new UnitOutput(mark, pass, onGroup);
}

/** Restarts the guest and waits until it has another boot id. A script may have begun that itself. */
async function reboot(
  { job, link }: ActiveRun,
  { name, timeoutMs }: Unit,
  before: string | undefined,
): Promise<string> {
  const { vm } = job.plan;
  const step = { step: 'reboot', name } as const;
  const limitMs = Math.min(timeoutMs, REBOOT_TIMEOUT_MS);
  const deadline = performance.now() + limitMs;
  if (before === undefined)
    throw stepFailed(vm, { ...step, detail: 'the guest does not tell one boot from another', hint: NO_BOOT_ID });
  let stderr = '';
  const take = async (_: string, text: string): Promise<void> => {
    stderr += plainText(text).slice(0, 200);
  };
  const asked = await link.run({ line: shellLine(), input: rebootProgram, take, timeoutMs: ASK_TIMEOUT_MS });
  if (asked.kind === 'exited' && asked.exitCode !== 0)
    throw stepFailed(vm, { ...step, detail: stderr.trim() || `exit code ${asked.exitCode}` });
  link.close();
  for (;;) {
    await pause(500, job.signal);
    if (job.signal.aborted) throw new CastraError({ kind: 'cancelled' });
    if (performance.now() > deadline) {
      throw stepFailed(vm, { ...step, detail: `the guest was not back within ${limitMs / 1000} s`, hint: LOST_HINT });
    }
    const now = await readBootId(link, deadline);
    if (now !== undefined && now !== before) return now;
    link.close();
  }
}

const NO_BOOT_ID = 'Only a guest with Linux can be restarted by a step.';

async function readBootId(link: ActiveRun['link'], deadline: number): Promise<string | undefined> {
  try {
    await link.connect(deadline);
    const { end, text } = await link.ask(bootIdProgram, ASK_TIMEOUT_MS);
    return end.kind === 'exited' && end.exitCode === 0 ? text.trim() : undefined;
  } catch (error) {
    if (error instanceof CastraError && ['cancelled', 'not-running'].includes(error.failure.kind)) throw error;
    return undefined;
  }
}

/** The folder may have been on a file system in memory. */
async function sendAgain(active: ActiveRun): Promise<void> {
  const { job, link, mark } = active;
  const deadline = performance.now() + job.plan.handshakeTimeoutMs;
  const facts = await probeGuest({ ...job, always: true }, link, { mark, deadline });
  if (facts.sent === job.artifact.transferHash) return;
  if (facts.folder === 'ours') return;
  await active.steps.run({ step: 'transfer' }, () => transfer(active, facts));
}

/** Runs the command and looks for the path that prove success. */
export async function verify(active: ActiveRun): Promise<StepOutcome> {
  const { job, link, mark } = active;
  const { plan } = job;
  const { command, path } = plan.verify;
  if (command === undefined && path === undefined) return { status: 'success', detail: 'no checks configured' };
  await link.connect(performance.now() + plan.handshakeTimeoutMs);
  const output = watch(active, 'verify');
  const timeoutMs = VERIFY_TIMEOUT_MS;
  const end = await link.run({
    line: shellLine(),
    input: verifyProgram(plan, mark),
    take: output.take,
    timeoutMs,
    group: () => output.group,
  });
  if (end.kind === 'exited' && end.exitCode === 0) return { status: 'success' };
  const { tail } = output;
  const why = output.missing
    ? { detail: `${path} does not exist`, hint: 'The script has to create it, or `verify_path` is wrong.' }
    : explainEnd(end, { timeoutMs, output: tail });
  throw stepFailed(plan.vm, { step: 'verify', ...why, output: tail });
}
