import { plainText } from './guest/plainText.ts';
import type { GuestFacts } from './guest/probe.ts';
import { prepareProgram } from './guest/programs.ts';
import { SENT, unpackLine } from './guest/shell.ts';
import { TAR_HINT } from './hints.ts';
import type { ActiveRun, BootstrapJob, StepOutcome } from './job.ts';
import { archiveBytes, writeArchive } from './payload/archive.ts';
import type { Member } from './payload/artifact.ts';
import { PayloadError } from './payload/payload.ts';
import { isShared } from './plan.ts';
import { explainEnd, stepFailed } from './stepFailure.ts';

const PREPARE_TIMEOUT_MS = 120_000;
/** As long as at least this much arrives, a transfer takes as long as it takes. */
const SLOWEST_BYTES_PER_S = 20_000;
const LEAST_TRANSFER_MS = 120_000;
const TELL_EVERY_MS = 250;
const ATTEMPTS = 3;
const STEP = { step: 'transfer' } as const;

/** Brings scripts and payload to the guest, unless they are there already. */
export async function transfer(active: ActiveRun, facts: GuestFacts): Promise<StepOutcome> {
  const { job } = active;
  const { plan, artifact } = job;
  refuseFolder(job, facts);
  const isThere = facts.sent === artifact.transferHash;
  if (!isThere) await send(active, facts);
  await prepare(active);
  const size = `${artifact.members.length} entries, ${artifact.payloadBytes} bytes of payload`;
  return isThere
    ? { status: 'skipped', detail: `${plan.remoteDir} has them already (${size})` }
    : { status: 'success', detail: `${size} to ${plan.remoteDir}` };
}

const refusals: Readonly<Partial<Record<GuestFacts['folder'], string>>> = {
  strange: 'has files that Castra did not put there, and what a bootstrap folder holds is deleted',
  file: 'is a file',
  link: 'is a symbolic link',
  home: "is the user's home",
  foreign: 'or the folder above it belongs to another user of the guest',
};

function refuseFolder({ plan: { vm, remoteDir } }: BootstrapJob, { folder }: GuestFacts): void {
  const why = refusals[folder];
  if (why === undefined) return;
  const hint = 'Choose another `remote_dir`, or remove it in the guest.';
  throw stepFailed(vm, { ...STEP, detail: `${remoteDir} ${why}`, hint });
}

async function send(active: ActiveRun, { hasTar }: GuestFacts): Promise<void> {
  const { job, link, steps } = active;
  const { vm } = job.plan;
  if (!hasTar) throw stepFailed(vm, { ...STEP, detail: 'the guest has no tar', hint: TAR_HINT });
  for (let attempt = 1; ; attempt++) {
    const { end, output, timeoutMs } = await sendOnce(active);
    if (end.kind === 'exited' && end.exitCode === 0) return;
    if (end.kind !== 'lost' || attempt === ATTEMPTS)
      throw stepFailed(vm, { ...STEP, output, ...explainEnd(end, { timeoutMs, output }) });
    steps.retrying(STEP, 'the connection was lost');
    await link.connect(performance.now() + job.plan.handshakeTimeoutMs);
  }
}

async function sendOnce({ job, link, log }: ActiveRun) {
  const { plan, artifact } = job;
  const members = [...artifact.members, marker(job)];
  const totalBytes = archiveBytes(members);
  const timeoutMs = Math.max(LEAST_TRANSFER_MS, (totalBytes / SLOWEST_BYTES_PER_S) * 1000);
  const output: string[] = [];
  const take = async (_: string, text: string): Promise<void> => {
    log.output(text);
    if (output.length < 20) output.push(...plainText(text).trimEnd().split('\n').slice(0, 20));
  };
  const input = told(writeArchive(members), (doneBytes) =>
    job.report({ type: 'bootstrap.progress', vm: plan.vm, doneBytes, totalBytes }),
  );
  try {
    return {
      end: await link.run({ line: unpackLine(plan.remoteDir, isShared(plan)), input, take, timeoutMs }),
      output,
      timeoutMs,
    };
  } catch (error) {
    if (!(error instanceof PayloadError) && !(error instanceof Error && 'syscall' in error)) throw error;
    throw stepFailed(plan.vm, { ...STEP, detail: error.message, hint: 'Do not change the payload while it is sent.' });
  }
}

/** The last member: its time is the latest of all, so that a later change in the guest shows. */
function marker({ artifact }: BootstrapJob): Member {
  const bytes = Buffer.from(`${artifact.transferHash}\n`);
  return { kind: 'text', name: SENT, mode: 0o644, mtime: artifact.newest, bytes };
}

async function* told(stream: AsyncIterable<Buffer>, tell: (doneBytes: number) => void): AsyncGenerator<Buffer> {
  let done = 0;
  let toldAt = 0;
  for await (const piece of stream) {
    yield piece;
    done += piece.length;
    if (performance.now() - toldAt < TELL_EVERY_MS) continue;
    toldAt = performance.now();
    tell(done);
  }
  tell(done);
}

/** Over a connection that may have been lost meanwhile: doing it twice is the same. */
async function prepare({ job, link }: ActiveRun): Promise<void> {
  const { vm, remoteDir, isSingle, handshakeTimeoutMs } = job.plan;
  for (let attempt = 1; ; attempt++) {
    await link.connect(performance.now() + handshakeTimeoutMs);
    const { end } = await link.ask(prepareProgram(remoteDir, isSingle), PREPARE_TIMEOUT_MS);
    if (end.kind === 'exited' && end.exitCode === 0) return;
    if (end.kind === 'lost' && attempt < ATTEMPTS) continue;
    const why = explainEnd(end, { timeoutMs: PREPARE_TIMEOUT_MS, output: [] });
    throw stepFailed(vm, { ...STEP, ...why, detail: `${remoteDir} could not be prepared: ${why.detail}` });
  }
}
