import type { ProjectOptions } from './project.ts';
import type { PortForward } from './vocabulary.ts';

export interface PortsOptions extends ProjectOptions {
  /** Try the forwards of running VMs. */
  readonly active?: boolean;
}

/**
 * `declared`: no conflict is known. `conflict`: another program or VM has or wants the port. With a probe, `active`: the
 * guest takes connections; `bound`: QEMU holds the port, and whether the guest listens cannot be known; `inactive`.
 */
export type PortState = 'declared' | 'conflict' | 'broker-reserved' | 'active' | 'bound' | 'inactive';

/** One forward: in force while its VM runs, as declared while it does not. */
export interface PortStatus extends PortForward {
  readonly vm: string;
  /** 0: any free port will be taken by `up`. */
  readonly host: number;
  readonly status: PortState;
  /** Who is in the way, or why it is inactive: the rest of a sentence. */
  readonly reason?: string;
}

export interface PortsVm {
  readonly name: string;
  readonly running: boolean;
  readonly description?: string;
  /** Path or URL; undefined for the default image. */
  readonly baseImage?: string;
  readonly overlayPath?: string;
  readonly cpus?: number;
  readonly memoryMiB?: number;
}

export interface PortsOutcome {
  readonly projectName: string;
  readonly projectPath: string;
  readonly configVersion: string;
  readonly brokerPort: number;
  /** The forwards of running VMs were tried. */
  readonly probed: boolean;
  readonly ports: readonly PortStatus[];
  readonly vms: readonly PortsVm[];
}
