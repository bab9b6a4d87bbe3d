import type { VmDefinition } from '../config/project.ts';
import type { BrokerConfig } from '../contract/broker.ts';
import type { StatusOptions, StatusOutcome, VmStatus } from '../contract/vms.ts';
import { overlayBytes } from '../disks/overlay.ts';
import { vmFiles } from '../state/layout.ts';
import { inspectVm, type Liveness } from '../state/liveness.ts';
import { readOperations } from '../state/operation/announce.ts';
import type { LaunchRecord } from '../state/record.ts';
import { bootstrapOf } from './project/bootstrapState.ts';
import { brokerStatus, guestBus } from './project/guestBus.ts';
import { warnIfMoved } from './project/moved.ts';
import { openState } from './project/openProject.ts';
import { judgeVm, type StatusContext } from './project/vmState.ts';
import { projectVms, vmsCalled } from './project/vms.ts';
import { type Operation, tell } from './run.ts';

/** What is true now, from the process table, QMP and the launch records. Changes nothing, ever. */
export const status: Operation<StatusOptions, StatusOutcome> = async (options, run) => {
  const { place, project, diagnostics } = openState(options);
  tell(diagnostics, run);
  const { stateRoot } = place;
  warnIfMoved(place, options.settings.home, run);
  const operations = readOperations(stateRoot);
  const [operation] = operations;
  const context = { stateRoot, fileIsBroken: project === undefined, operations };
  const vms = await Promise.all(
    vmsCalled(projectVms(stateRoot, project?.vms ?? []), options.vms ?? []).map(({ name, definition }) =>
      describeVm(name, definition, context),
    ),
  );
  const configErrors = project ? 0 : diagnostics.filter(({ severity }) => severity === 'error').length;
  const value = {
    projectName: place.name,
    projectPath: place.configPath,
    configVersion: project?.version ?? '',
    stateRoot,
    ...brokerFacts(stateRoot, project?.broker),
    ...(operation ? { operation } : {}),
    ...(operations.length > 1 ? { operations } : {}),
    ...(configErrors > 0 ? { configErrors } : {}),
    vms,
  };
  return { value, diagnostics };
};

function brokerFacts(
  stateRoot: string,
  config: BrokerConfig | undefined,
): Pick<StatusOutcome, 'broker' | 'brokerPort'> {
  const broker = brokerStatus(stateRoot, config);
  return { broker, brokerPort: broker.port ?? (config?.enabled ? config.port : 0) };
}

async function describeVm(name: string, vm: VmDefinition | undefined, context: StatusContext): Promise<VmStatus> {
  const live = inspectVm(context.stateRoot, name);
  const record = 'record' in live ? live.record : undefined;
  const judged = await judgeVm(name, live, vm, context);
  return { ...facts(name, vm, live, record, context), ...judged };
}

function facts(
  name: string,
  vm: VmDefinition | undefined,
  live: Liveness,
  record: LaunchRecord | undefined,
  { stateRoot, fileIsBroken }: StatusContext,
): Omit<VmStatus, 'state'> {
  const running = live.kind === 'running';
  const bus = running && record ? guestBus(stateRoot, record) : undefined;
  const bootstrap = running && record ? bootstrapOf(stateRoot, record, vm) : undefined;
  const overlayPath = record?.overlayPath ?? vm?.overlayPath;
  const bytes = overlayPath === undefined ? undefined : overlayBytes(overlayPath);
  const cpus = running ? record?.cpus : (vm?.cpus ?? record?.cpus);
  const memoryMiB = running ? record?.memoryMiB : (vm?.memoryMiB ?? record?.memoryMiB);
  return {
    name,
    role: vm?.role ?? record?.role ?? name,
    forwards: (running ? record?.forwards : vm?.forwards) ?? [],
    serialLog: vmFiles(stateRoot, name).serialLog,
    ...(vm === undefined && !fileIsBroken ? { undeclared: true } : {}),
    ...(cpus === undefined ? {} : { cpus }),
    ...(memoryMiB === undefined ? {} : { memoryMiB }),
    ...(overlayPath === undefined ? {} : { overlayPath }),
    ...(bytes === undefined ? {} : { overlayBytes: bytes }),
    ...(running ? { pid: live.process.pid } : {}),
    ...(running && record
      ? {
          ...(bus ? { bus } : {}),
          uptimeMs: Math.max(0, Date.now() - Date.parse(record.launchedAt)),
          accelerator: record.accelerator,
          sshPort: record.sshPort,
          ...(bootstrap ? { bootstrap } : {}),
        }
      : {}),
  };
}
