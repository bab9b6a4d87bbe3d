import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { HostProblem, ProjectConfig, VmDefinition } from '../../config/project.ts';
import type { Diagnostic } from '../../contract/diagnostics.ts';
import { CastraError } from '../../contract/failures.ts';
import type { UpOptions } from '../../contract/vms.ts';
import { freeDiskBytes, readCapacity } from '../../process/host.ts';
import { homeFiles } from '../../state/layout.ts';
import { inspectVm, knownVms } from '../../state/liveness.ts';
import { openQemuHost, type QemuHost, type SelectedAccelerator, selectAccelerator } from '../../vm/host/accelerator.ts';
import { findUefi, type UefiBuild } from '../../vm/host/firmware.ts';
import type { PortClaim } from '../../vm/host/ports.ts';
import { checkCapacity, checkPorts, type Demand, type DiskSpace, downgrade } from '../../vm/host/preflight.ts';
import { findQemu } from '../../vm/host/qemu.ts';
import { forwardsOf } from '../ports/forwards.ts';
import { reservePorts } from '../ports/reservePorts.ts';
import type { LoadedProject } from '../project/openProject.ts';
import { type Run, tell } from '../run.ts';
import { checkFiles } from './checkFiles.ts';
import type { StartPlan } from './startPlan.ts';

export interface Prepared {
  readonly plans: readonly StartPlan[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Everything that can be known to fail before anything is started; all problems at once. */
export async function prepareStart(
  { project, place }: LoadedProject,
  vms: readonly VmDefinition[],
  options: UpOptions,
  run: Run,
): Promise<Prepared> {
  const { settings } = options;
  const qemu = await openQemuHost(findQemu(settings), homeFiles(settings.home).qemuCache);
  const [claims, disks, files] = await Promise.all([
    reservePorts(project, vms, settings.home, run),
    measureDisks(project.stateRoot, vms),
    checkFiles(vms),
  ]);
  const capacity = checkCapacity(demandOf(vms, project.stateRoot), readCapacity(), disks);
  const firmware = vms.map((vm) => chooseFirmware(vm, qemu));
  const findings = place([
    ...(options.force ? downgrade(capacity) : capacity),
    ...checkPorts(claims),
    ...firmware.flatMap(({ problem }) => problem ?? []),
    ...files,
  ]);
  const problems = findings.filter((finding) => finding.severity === 'error');
  if (problems.length > 0) throw new CastraError({ kind: 'preflight-failed', problems });
  const accelerators = await chooseAccelerators(vms, options, qemu, run);
  const plans = vms.map((vm, index) =>
    planStart(vm, {
      vms,
      project,
      options,
      qemu,
      claims,
      uefi: firmware[index]?.uefi,
      selected: accelerators.get(vm.name),
    }),
  );
  return { plans, diagnostics: tell([...findings, ...explainFallback(accelerators)], run) };
}

interface PlanParts {
  readonly vms: readonly VmDefinition[];
  readonly project: ProjectConfig;
  readonly options: UpOptions;
  readonly qemu: QemuHost;
  readonly claims: readonly PortClaim[];
  readonly uefi: UefiBuild | undefined;
  readonly selected: SelectedAccelerator | undefined;
}

function planStart(vm: VmDefinition, { vms, project, options, qemu, claims, uefi, selected }: PlanParts): StartPlan {
  return {
    vm,
    stateRoot: project.stateRoot,
    place: project,
    settings: options.settings,
    mirrors: project.mirrors,
    maxImageBytes: project.maxImageBytes,
    sharers: vms.filter(({ image }) => isDeepStrictEqual(image, vm.image)).map(({ name }) => name),
    qemu,
    accelerator: selected?.accelerator ?? 'tcg',
    uefi,
    forwards: forwardsOf(vm.name, claims),
    bus: project.broker.enabled ? project.broker : undefined,
    logs: project.logs,
    wait: options.wait ?? true,
    timeoutMs: options.timeoutMs ?? vm.readyTimeoutMs,
  };
}

function measureDisks(stateRoot: string, vms: readonly VmDefinition[]): Promise<DiskSpace[]> {
  const folders = new Set([
    stateRoot,
    ...vms.map((vm) => dirname(vm.overlayPath)).filter((folder) => !folder.startsWith(stateRoot)),
  ]);
  return Promise.all([...folders].map(async (path) => ({ path, freeBytes: await freeDiskBytes(path) })));
}

function demandOf(vms: readonly VmDefinition[], stateRoot: string): Demand {
  const most = (key: 'cpus' | 'memoryMiB') => vms.toSorted((a, b) => b[key] - a[key])[0]?.name ?? '';
  return {
    memoryMiB: vms.reduce((sum, vm) => sum + vm.memoryMiB, 0),
    cpus: vms.reduce((sum, vm) => sum + vm.cpus, runningCpus(stateRoot)),
    most: { cpus: most('cpus'), memory: most('memoryMiB') },
  };
}

function runningCpus(stateRoot: string): number {
  return knownVms(stateRoot)
    .map((vm) => inspectVm(stateRoot, vm))
    .reduce((sum, live) => sum + (live.kind === 'running' ? (live.record?.cpus ?? 0) : 0), 0);
}

interface FirmwareChoice {
  readonly uefi?: UefiBuild;
  readonly problem?: HostProblem;
}

function chooseFirmware(vm: VmDefinition, { programs }: QemuHost): FirmwareChoice {
  const wanted = vm.firmware ?? (programs.architecture === 'aarch64' ? 'uefi' : 'bios');
  if (wanted === 'bios') return {};
  const uefi = findUefi(programs.system, programs.architecture);
  if (uefi) return { uefi };
  const packages = programs.architecture === 'aarch64' ? 'qemu-efi-aarch64 or edk2-aarch64' : 'ovmf or edk2-ovmf';
  const message = `${vm.name}: no UEFI firmware for ${programs.architecture} is installed.`;
  const about = { vm: vm.name, key: 'firmware' } as const;
  return {
    problem: { severity: 'error', code: 'host/uefi-missing', message, help: `Install the package ${packages}.`, about },
  };
}

async function chooseAccelerators(
  vms: readonly VmDefinition[],
  { settings }: UpOptions,
  qemu: QemuHost,
  run: Run,
): Promise<Map<string, SelectedAccelerator>> {
  const selected = new Map<string, SelectedAccelerator>();
  for (const vm of vms) selected.set(vm.name, await selectAccelerator(settings.accelerator ?? vm.accelerator, qemu));
  const distinct = new Map([...selected.values()].map((choice) => [choice.accelerator, choice]));
  for (const { accelerator, reason } of distinct.values())
    run.report({ type: 'accelerator.selected', accelerator, reason });
  return selected;
}

/** Emulation is many times slower, so a user who did not ask for it should know why. */
function explainFallback(accelerators: ReadonlyMap<string, SelectedAccelerator>): Diagnostic[] {
  const fallback = [...accelerators.values()].find(
    ({ accelerator, reason }) => accelerator === 'tcg' && reason !== 'configured',
  );
  if (!fallback) return [];
  const message = `VMs use emulation (tcg), which is slow: ${fallback.reason}.`;
  return [
    {
      severity: 'info',
      code: 'host/accelerator',
      message,
      help: 'Set `accelerator = "tcg"` to confirm that emulation is intended.',
    },
  ];
}
