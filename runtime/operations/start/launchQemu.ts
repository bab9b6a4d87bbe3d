import type { VmDefinition } from '../../config/project.ts';
import { CastraError } from '../../contract/failures.ts';
import { vmFiles } from '../../state/layout.ts';
import { type LaunchRecord, writeRecord } from '../../state/record.ts';
import { qemuArguments } from '../../vm/args.ts';
import type { BootEvents } from '../../vm/boot/readiness.ts';
import { prepareVars } from '../../vm/host/firmware.ts';
import { launchVm, type RunningQemu } from '../../vm/launch.ts';
import { forwardsOf, wantedForwards } from '../ports/forwards.ts';
import { reservePorts } from '../ports/reservePorts.ts';
import type { Run } from '../run.ts';
import { type Disk, newRecord, type StartPlan } from './startPlan.ts';

/** An allocated port can be taken by another program between our look and QEMU's bind; then others are tried. */
const PORT_ATTEMPTS = 3;
export interface Launched {
  readonly qemu: RunningQemu;
  readonly record: LaunchRecord;
}

/** Starts QEMU over a prepared disk, and notes what proves it. */
export async function launch(plan: StartPlan, disk: Disk, events: BootEvents, run: Run): Promise<Launched> {
  let { forwards } = plan;
  for (let attempt = 1; ; attempt++) {
    try {
      return await launchOnce({ ...plan, forwards }, disk, events, run);
    } catch (error) {
      if (attempt === PORT_ATTEMPTS || !lostAllocatedPort(plan.vm, error)) throw error;
      forwards = forwardsOf(plan.vm.name, await reservePorts(plan.place, [plan.vm], plan.settings.home, run));
    }
  }
}

function lostAllocatedPort(vm: VmDefinition, error: unknown): boolean {
  if (!(error instanceof CastraError) || error.failure.kind !== 'launch-failed') return false;
  const allocated = wantedForwards(vm).some((forward) => forward.host === 0);
  return allocated && error.failure.qemuOutput.some((line) => line.includes('Could not set up host forwarding rule'));
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
      seed: files.seed,
      files,
      sockets: record.sockets,
      forwards: plan.forwards,
      bus: plan.bus !== undefined,
      sandbox: host.build.sandbox,
      extraArgs: vm.qemuArgs,
      ...(uefi ? { uefi: { code: uefi.code, vars: files.firmwareVars } } : {}),
    }),
    files,
    sockets: record.sockets,
    signal: run.signal,
    logs: plan.logs,
    onWarning: (text) => run.report({ type: 'message', severity: 'warning', text }),
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
