import { randomUUID } from 'node:crypto';
import type { ProjectPlace, VmDefinition } from '../../config/project.ts';
import type { BrokerConfig } from '../../contract/broker.ts';
import type { HostSettings } from '../../contract/project.ts';
import type { AcceleratorName, LogLimits, PortForward } from '../../contract/vocabulary.ts';
import { bootId } from '../../process/identity.ts';
import { vmSockets } from '../../state/layout.ts';
import type { LaunchRecord } from '../../state/record.ts';
import type { QemuHost } from '../../vm/host/accelerator.ts';
import type { UefiBuild } from '../../vm/host/firmware.ts';
import { sshPortOf } from '../ports/forwards.ts';

/** Everything that `up` found out before it starts a VM. */
export interface StartPlan {
  readonly vm: VmDefinition;
  readonly stateRoot: string;
  readonly place: ProjectPlace;
  readonly settings: HostSettings;
  readonly mirrors: readonly string[];
  readonly maxImageBytes: number;
  /** The VMs of this start that have the same base image: the first one gets it for all. */
  readonly sharers: readonly string[];
  readonly qemu: QemuHost;
  readonly accelerator: AcceleratorName;
  readonly uefi: UefiBuild | undefined;
  readonly forwards: readonly PortForward[];
  /** Undefined for a project without a broker. */
  readonly bus: Pick<BrokerConfig, 'port'> | undefined;
  readonly logs: LogLimits;
  readonly wait: boolean;
  readonly timeoutMs: number;
}

/** What the launch record says about a VM's disk. */
export type Disk = Pick<LaunchRecord, 'baseImage' | 'baseStamp' | 'overlayFile'>;

/** The record of a launch that is about to be made; each has a uuid of its own. */
export function newRecord({ vm, stateRoot, accelerator, forwards }: StartPlan, disk: Disk): LaunchRecord {
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
    sshUser: vm.sshUser,
    sockets: vmSockets(stateRoot, vm.name),
    ready: vm.ready,
  };
}
