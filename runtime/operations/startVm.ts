import { randomUUID } from 'node:crypto';
import { isInside } from '../config/paths.ts';
import type { VmDefinition } from '../config/project.ts';
import { CastraError, describe, type Failure, messageOf } from '../errors.ts';
import type { AcceleratorName, ActiveForward } from '../events.ts';
import { resolveBaseImage } from '../images/baseImage.ts';
import { createOverlay, fileId } from '../images/overlay.ts';
import type { VmLaunch, VmUpResult } from '../outcomes.ts';
import { bootId } from '../process/identity.ts';
import { projectFiles, vmFiles, vmSockets } from '../state/layout.ts';
import { type LaunchRecord, readRecord, writeRecord } from '../state/record.ts';
import type { QemuHost } from '../vm/accelerator.ts';
import { qemuArguments } from '../vm/args.ts';
import { prepareVars, type UefiBuild } from '../vm/firmware.ts';
import { launchVm, type RunningQemu } from '../vm/launch.ts';
import { BootEvents, type Readiness, waitUntilReady } from '../vm/readiness.ts';
import { signalProcess, waitForExit } from '../vm/shutdown.ts';
import { claimAll, forwardsOf, sshPortOf } from './forwards.ts';
import { clearLeftovers } from './leftovers.ts';
import type { Run } from './run.ts';

/** Everything that `up` found out before it starts a VM. */
export interface StartPlan {
  readonly vm: VmDefinition;
  readonly stateRoot: string;
  readonly home: string;
  readonly qemu: QemuHost;
  readonly accelerator: AcceleratorName;
  readonly uefi: UefiBuild | undefined;
  readonly forwards: readonly ActiveForward[];
  readonly wait: boolean;
  readonly timeoutMs: number;
}

/** An allocated port can be taken by somebody between our look and QEMU's bind; then others are tried. */
const PORT_ATTEMPTS = 3;
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

function failureOf({ vm, accelerator }: StartPlan, error: unknown): Failure {
  if (!(error instanceof CastraError)) return { kind: 'overlay-failed', vm: vm.name, detail: messageOf(error) };
  const { failure } = error;
  if (failure.kind !== 'launch-failed' || accelerator === 'tcg') return failure;
  const hint = `it was started with accelerator ${accelerator}, and \`accelerator = "auto"\` takes only what was seen to work`;
  return { ...failure, detail: `${failure.detail} (${hint})` };
}

async function startAndWait(plan: StartPlan, run: Run): Promise<VmUpResult> {
  const { vm, stateRoot } = plan;
  const started = performance.now();
  const disk = await prepareDisk(plan, run);
  const events = new BootEvents();
  const { qemu, record } = await launch(plan, disk, events, run);
  try {
    if (!plan.wait) return { vm: vm.name, result: 'launched', launch: toLaunch(record, qemu, stateRoot) };
    const readiness = await waitUntilReady(
      {
        qemu,
        serialLog: vmFiles(stateRoot, vm.name).serialLog,
        ready: vm.ready,
        sshPort: record.sshPort,
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

type Disk = Pick<LaunchRecord, 'baseImage' | 'overlayFile'>;

/** The launch record is written before the overlay gets its name: no overlay of ours is ever unknown. */
async function prepareDisk(plan: StartPlan, run: Run): Promise<Disk> {
  const { vm, stateRoot, home, qemu } = plan;
  const { name, overlayPath } = vm;
  run.report({ type: 'vm.phase', vm: name, phase: 'overlay' });
  const { image, architecture } = qemu.programs;
  const baseImage = await resolveBaseImage({ vm: name, image: vm.image, home, architecture });
  await clearLeftovers({ stateRoot, vm: name, overlayPath, qemuImg: image, reason: 'orphan' }, run);
  refuseForeignOverlay(plan);
  let disk: Disk = { baseImage };
  writeRecord(stateRoot, newRecord(plan, disk));
  const onMade = (overlayFile: string) => {
    disk = { baseImage, overlayFile };
    writeRecord(stateRoot, newRecord(plan, disk));
  };
  await createOverlay({ vm: name, qemuImg: image, overlayPath, baseImage, signal: run.signal, onMade });
  run.report({ type: 'overlay.prepared', vm: name, path: overlayPath, baseImage });
  return disk;
}

/** What still stands there after the leftovers are cleared was not made by us, or is in use. */
function refuseForeignOverlay({ vm, stateRoot }: StartPlan): void {
  const { name, overlayPath } = vm;
  if (fileId(overlayPath) === undefined) return;
  const ours = isInside(overlayPath, projectFiles(stateRoot).overlays) || readRecord(stateRoot, name) !== undefined;
  const detail = ours
    ? `its overlay ${overlayPath} is in use by another process; stop that one first.`
    : `${overlayPath} exists and was not made by Castra, so it is not replaced. Move it away, or choose another \`overlay\`.`;
  throw new CastraError({ kind: 'overlay-failed', vm: name, detail });
}

function newRecord({ vm, stateRoot, accelerator, forwards }: StartPlan, disk: Disk): LaunchRecord {
  return {
    format: 1,
    vm: vm.name,
    role: vm.role,
    uuid: randomUUID(),
    bootId: bootId(),
    launchedAt: new Date().toISOString(),
    accelerator,
    cpus: vm.cpus,
    memoryMiB: vm.memoryMiB,
    overlayPath: vm.overlayPath,
    ...disk,
    forwards,
    sshPort: sshPortOf(forwards),
    sockets: vmSockets(stateRoot, vm.name),
    ready: vm.ready,
  };
}

interface Launched {
  readonly qemu: RunningQemu;
  readonly record: LaunchRecord;
}

async function launch(plan: StartPlan, disk: Disk, events: BootEvents, run: Run): Promise<Launched> {
  let { forwards } = plan;
  for (let attempt = 1; ; attempt++) {
    try {
      return await launchOnce({ ...plan, forwards }, disk, events, run);
    } catch (error) {
      if (attempt === PORT_ATTEMPTS || !lostAllocatedPort(plan.vm, error)) throw error;
      forwards = forwardsOf(plan.vm.name, await claimAll([plan.vm]));
    }
  }
}

function lostAllocatedPort(vm: VmDefinition, error: unknown): boolean {
  if (!(error instanceof CastraError) || error.failure.kind !== 'launch-failed') return false;
  const fixed = vm.forwards.length > 0 && vm.forwards.every((forward) => forward.host !== 0);
  return !fixed && error.failure.qemuOutput.some((line) => line.includes('Could not set up host forwarding rule'));
}

async function launchOnce(plan: StartPlan, disk: Disk, events: BootEvents, run: Run): Promise<Launched> {
  const { vm, stateRoot, qemu: host, uefi } = plan;
  const files = vmFiles(stateRoot, vm.name);
  if (uefi) prepareVars(uefi, files.firmwareVars);
  let record = newRecord(plan, disk);
  writeRecord(stateRoot, record);
  run.report({ type: 'vm.phase', vm: vm.name, phase: 'qemu' });
  const qemu = await launchVm({
    vm: vm.name,
    binary: host.programs.system,
    args: qemuArguments({
      vm: vm.name,
      uuid: record.uuid,
      architecture: host.programs.architecture,
      accelerator: plan.accelerator,
      cpus: vm.cpus,
      memoryMiB: vm.memoryMiB,
      overlayPath: vm.overlayPath,
      files,
      sockets: record.sockets,
      forwards: plan.forwards,
      sandbox: host.build.sandbox,
      extraArgs: vm.qemuArgs,
      ...(uefi ? { uefi: { code: uefi.code, vars: files.firmwareVars } } : {}),
    }),
    files,
    sockets: record.sockets,
    signal: run.signal,
    onEvent: events.record,
    onStarted: (process) => {
      record = { ...record, ...process };
      writeRecord(stateRoot, record);
    },
  });
  const { forwards, accelerator } = plan;
  run.report({
    type: 'vm.launched',
    vm: vm.name,
    pid: qemu.process.pid,
    accelerator,
    forwards,
    sshPort: record.sshPort,
  });
  return { qemu, record };
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
      writeRecord(stateRoot, { ...record, readyAt: new Date().toISOString() });
      run.report({ type: 'vm.phase', vm: vm.name, phase: 'ready' });
      run.report({ type: 'vm.ready', vm: vm.name, elapsedMs, evidence: readiness.evidence });
      return { vm: vm.name, result: 'ready', launch: toLaunch(record, qemu, stateRoot), elapsedMs };
    case 'not-ready': {
      const { phase, detail, serialTail } = readiness;
      writeRecord(stateRoot, { ...record, notReady: { phase, evidence: detail } });
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

function toLaunch(record: LaunchRecord, qemu: RunningQemu, stateRoot: string): VmLaunch {
  const { uuid, accelerator, overlayPath, baseImage, forwards, sshPort, vm } = record;
  const { serialLog } = vmFiles(stateRoot, vm);
  return { pid: qemu.process.pid, uuid, accelerator, overlayPath, baseImage, forwards, sshPort, serialLog };
}
