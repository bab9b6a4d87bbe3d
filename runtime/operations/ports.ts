import { runningBroker } from '../broker/records/brokerRecord.ts';
import type { ProjectConfig, VmDefinition } from '../config/project.ts';
import type { BrokerConfig } from '../contract/broker.ts';
import type { Diagnostic } from '../contract/diagnostics.ts';
import type { PortStatus, PortsOptions, PortsOutcome, PortsVm } from '../contract/ports.ts';
import type { PortForward } from '../contract/vocabulary.ts';
import { inspectVm, type Liveness } from '../state/liveness.ts';
import { readReservations } from '../state/portRegistry.ts';
import { wantedForwards } from './ports/forwards.ts';
import { judgePort, type PortContext } from './ports/portState.ts';
import { probeVm } from './ports/probePorts.ts';
import { openState } from './project/openProject.ts';
import { projectVms } from './project/vms.ts';
import { type Operation, tell } from './run.ts';

/** A VM as far as its ports go; the definition is missing when the file no longer has it. */
interface Subject {
  readonly name: string;
  readonly vm: VmDefinition | undefined;
  readonly live: Liveness;
  readonly forwards: readonly PortForward[];
}

/** Every forward and what is in its way. Binds nothing and changes nothing; works with a broken file, as far as it goes. */
export const ports: Operation<PortsOptions, PortsOutcome> = async (options, run) => {
  const { place, draft, diagnostics } = openState(options);
  const subjects = findSubjects(place.stateRoot, draft);
  const brokerPort = runningBroker(place.stateRoot)?.port ?? wantedPort(draft?.broker);
  const context: PortContext = {
    stateRoot: place.stateRoot,
    brokerPort,
    wanted: subjects.flatMap(({ name, forwards }) => forwards.map((forward) => ({ vm: name, ...forward }))),
    reservations: readReservations(options.settings.home),
  };
  const probed = options.active ?? false;
  const rows = await Promise.all(subjects.map((subject) => describePorts(subject, probed, context)));
  const value = {
    projectName: place.name,
    projectPath: place.configPath,
    configVersion: draft?.version ?? '',
    brokerPort,
    probed,
    ports: rows.flat(),
    vms: subjects.map(describeVm),
  };
  return { value, diagnostics: tell([...diagnostics, ...explainConflicts(rows.flat())], run) };
};

/** Of a broker that does not run: 0 without one, and for any free one. */
const wantedPort = (broker: BrokerConfig | undefined): number => (broker?.enabled ? broker.port : 0);

function findSubjects(stateRoot: string, draft: ProjectConfig | undefined): Subject[] {
  return projectVms(stateRoot, draft?.vms ?? [])
    .map(({ name, definition }) => subjectOf(stateRoot, name, definition))
    .filter(({ vm, live }) => vm !== undefined || live.kind === 'running');
}

function subjectOf(stateRoot: string, name: string, vm: VmDefinition | undefined): Subject {
  const live = inspectVm(stateRoot, name);
  const inForce = live.kind === 'running' ? live.record?.forwards : undefined;
  return { name, vm, live, forwards: inForce ?? (vm ? wantedForwards(vm) : []) };
}

async function describePorts(
  { name, live, forwards }: Subject,
  probed: boolean,
  context: PortContext,
): Promise<PortStatus[]> {
  const running = live.kind === 'running';
  const judgements =
    running && probed
      ? await probeVm(forwards, live.record?.sockets.monitor)
      : forwards.map((forward) => judgePort({ vm: name, ...forward }, { running, probed }, context));
  return forwards.map(({ bind, host, guest, protocol }, index) => ({
    vm: name,
    bind,
    host,
    guest,
    protocol,
    ...(judgements[index] ?? { status: 'declared' }),
  }));
}

function describeVm({ name, vm, live }: Subject): PortsVm {
  const record = live.kind === 'running' ? live.record : undefined;
  const overlayPath = record?.overlayPath ?? vm?.overlayPath;
  const cpus = record?.cpus ?? vm?.cpus;
  const memoryMiB = record?.memoryMiB ?? vm?.memoryMiB;
  const baseImage = record?.baseImage ?? (vm ? imageOf(vm) : undefined);
  return {
    name,
    running: live.kind === 'running',
    ...(vm?.description === undefined ? {} : { description: vm.description }),
    ...(baseImage === undefined ? {} : { baseImage }),
    ...(overlayPath === undefined ? {} : { overlayPath }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(memoryMiB === undefined ? {} : { memoryMiB }),
  };
}

function imageOf({ image }: VmDefinition): string | undefined {
  switch (image.kind) {
    case 'file':
      return image.path;
    case 'url':
      return image.url;
    case 'default-alpine':
      return undefined;
  }
}

/** Warnings: nothing was to be started. What the file itself says twice has its own diagnostic. */
function explainConflicts(rows: readonly PortStatus[]): Diagnostic[] {
  return rows.flatMap(({ vm, bind, host, protocol, status, reason = '' }): Diagnostic[] => {
    if (status !== 'conflict') return [];
    const message = `${vm}: port ${bind}:${host}/${protocol} has a conflict: ${reason}.`;
    const help = 'Choose another `host` port, or `host = 0` for any free one.';
    return [{ severity: 'warning', code: 'host/port-taken', message, help }];
  });
}
