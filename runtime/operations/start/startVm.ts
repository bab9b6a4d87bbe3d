import type { GuestBus } from '../../contract/broker.ts';
import { CastraError, describe, messageOf, singleFailure } from '../../contract/failures.ts';
import type { SingleFailure } from '../../contract/singleFailure.ts';
import type { VmLaunch, VmUpResult } from '../../contract/vms.ts';
import { proveLogin } from '../../ssh/proveLogin.ts';
import { vmFiles } from '../../state/layout.ts';
import { type LaunchRecord, readRecord, writeRecord } from '../../state/record.ts';
import { BootEvents, type Readiness, waitUntilReady } from '../../vm/boot/readiness.ts';
import { signalProcess, waitForExit } from '../../vm/shutdown.ts';
import { guestBus } from '../project/guestBus.ts';
import type { Run } from '../run.ts';
import { sshPlace, targetOf } from '../ssh/sshFiles.ts';
import { clearLeftovers } from '../stop/leftovers.ts';
import { type Launched, launch } from './launchQemu.ts';
import { prepareDisk } from './prepareDisk.ts';
import { prepareSeed } from './prepareSeed.ts';
import type { StartPlan } from './startPlan.ts';

/** A guest that is given up has nothing to save: its overlay is thrown away. */
const GIVE_UP_WAIT_MS = 2000;

/** Starts one VM and waits for it. Its failure is its result; what was started for it is rolled back. */
export async function startVm(plan: StartPlan, run: Run): Promise<VmUpResult> {
  const { vm } = plan;
  try {
    return await startAndWait(plan, run);
  } catch (error) {
    const failure = failureOf(plan, error);
    await rollBack(plan, run);
    if (failure.kind === 'cancelled') return { vm: vm.name, result: 'cancelled' };
    run.report({ type: 'vm.failed', vm: vm.name, message: describe(failure) });
    return { vm: vm.name, result: 'failed', failure };
  }
}

function failureOf({ vm, accelerator }: StartPlan, error: unknown): SingleFailure {
  if (!(error instanceof CastraError)) return { kind: 'overlay-failed', vm: vm.name, detail: messageOf(error) };
  const failure = singleFailure(error);
  if (failure.kind !== 'launch-failed' || accelerator === 'tcg') return failure;
  const hint = `it was started with accelerator ${accelerator}; with \`accelerator = "auto"\`, Castra uses only an accelerator that works here`;
  return { ...failure, detail: `${failure.detail} (${hint})` };
}

async function startAndWait(plan: StartPlan, run: Run): Promise<VmUpResult> {
  const { vm, stateRoot } = plan;
  const started = performance.now();
  const disk = await prepareDisk(plan, run);
  prepareSeed(plan);
  const events = new BootEvents();
  const { qemu, record } = await launch(plan, disk, events, run);
  try {
    if (!plan.wait) return { vm: vm.name, result: 'launched', launch: toLaunch(record, qemu.process.pid, stateRoot) };
    const readiness = await waitUntilReady(
      {
        qemu,
        serialLog: vmFiles(stateRoot, vm.name).serialLog,
        ready: vm.ready,
        sshPort: record.sshPort,
        logIn: (socket, signal) =>
          proveLogin(targetOf(sshPlace(plan.place, plan.settings.home), record), socket, signal),
        busHello: () => describeHello(guestBus(stateRoot, record)),
        timeoutMs: plan.timeoutMs,
        signal: run.signal,
        onPhase: (phase) => run.report({ type: 'vm.phase', vm: vm.name, phase }),
      },
      events,
    );
    const elapsedMs = Math.round(performance.now() - started);
    return concludeWait(readiness, { plan, record, qemu, elapsedMs }, run);
  } finally {
    qemu.qmp.close();
  }
}

interface Waited extends Launched {
  readonly plan: StartPlan;
  readonly elapsedMs: number;
}

function concludeWait(readiness: Readiness, waited: Waited, run: Run): VmUpResult {
  const { plan, record, qemu, elapsedMs } = waited;
  const { vm, stateRoot } = plan;
  const { serialLog, qemuLog } = vmFiles(stateRoot, vm.name);
  switch (readiness.kind) {
    case 'ready':
      noteEvidence(stateRoot, { ...record, readyAt: new Date().toISOString() }, run);
      run.report({ type: 'vm.phase', vm: vm.name, phase: 'ready' });
      tellHello(stateRoot, record, run);
      run.report({ type: 'vm.ready', vm: vm.name, elapsedMs, evidence: readiness.evidence });
      return { vm: vm.name, result: 'ready', launch: toLaunch(record, qemu.process.pid, stateRoot), elapsedMs };
    case 'not-ready': {
      const { phase, detail, serialTail } = readiness;
      noteEvidence(stateRoot, { ...record, notReady: { phase, evidence: detail } }, run);
      run.report({ type: 'vm.not-ready', vm: vm.name, waitedMs: elapsedMs, phase, evidence: detail });
      return {
        vm: vm.name,
        result: 'failed',
        failure: { kind: 'not-ready', vm: vm.name, detail, serialTail, logPath: serialLog },
      };
    }
    case 'exited': {
      const { detail, serialTail } = readiness;
      throw new CastraError({
        kind: 'launch-failed',
        vm: vm.name,
        detail: `${detail} while the guest was booting`,
        qemuOutput: [],
        serialTail,
        logPath: qemuLog,
      });
    }
    case 'cancelled':
      throw new CastraError({ kind: 'cancelled' });
  }
}

/** Beside what made it ready: the guest's agent works too. */
function tellHello(stateRoot: string, record: LaunchRecord, run: Run): void {
  const bus = guestBus(stateRoot, record);
  if (bus) run.report({ type: 'broker.handshake', vm: record.vm, transport: bus.transport });
}

const describeHello = (bus: GuestBus | undefined): string | undefined =>
  bus && `hello to the broker over ${bus.transport}`;

/** Only spares `status` a look of its own, so a full disk must not cost a VM that runs. */
function noteEvidence(stateRoot: string, record: LaunchRecord, run: Run): void {
  try {
    writeRecord(stateRoot, record);
  } catch (error) {
    const text = `${record.vm}: its launch record could not be completed: ${messageOf(error)}`;
    run.report({ type: 'message', severity: 'warning', text });
  }
}

/** Ends what runs for a VM that failed or was given up, and clears what was made for it. */
async function rollBack({ vm, stateRoot, qemu }: StartPlan, run: Run): Promise<void> {
  const record = readRecord(stateRoot, vm.name);
  if (record === undefined) return;
  if (record.pid !== undefined && record.startToken !== undefined) {
    const process = { pid: record.pid, startToken: record.startToken };
    signalProcess(process, 'SIGTERM');
    if (!(await waitForExit(process, GIVE_UP_WAIT_MS))) signalProcess(process, 'SIGKILL');
    await waitForExit(process, GIVE_UP_WAIT_MS);
  }
  await clearLeftovers({ stateRoot, vm: vm.name, qemuImg: qemu.programs.image, reason: 'rollback' }, run);
  run.report({ type: 'vm.rolled-back', vm: vm.name });
}

/** What a caller learns of a VM that runs. */
export function toLaunch(record: LaunchRecord, pid: number, stateRoot: string): VmLaunch {
  const { uuid, accelerator, overlayPath, baseImage, forwards, sshPort, vm } = record;
  const { serialLog } = vmFiles(stateRoot, vm);
  return { pid, uuid, accelerator, overlayPath, baseImage, forwards, sshPort, serialLog };
}
