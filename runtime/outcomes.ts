import type { Diagnostic } from './diagnostics.ts';
import type { Failure } from './errors.ts';
import type { AcceleratorName, ActiveForward, LogKind, Phase, ShutdownOutcome } from './events.ts';

/** What an operation returns: its value, and what it found noteworthy on the way. */
export interface Output<T> {
  readonly value: T;
  readonly diagnostics: readonly Diagnostic[];
}

export interface InitOutcome {
  readonly configPath: string;
  readonly projectName: string;
  readonly stateRoot: string;
  readonly overwritten: boolean;
}

export interface ValidateOutcome {
  readonly configPath: string;
  readonly valid: boolean;
  readonly errors: number;
  readonly warnings: number;
}

/** How one VM came out of `up`; `failed` and `not-ready` carry why. */
export type VmUpResult =
  | { readonly vm: string; readonly result: 'ready'; readonly launch: VmLaunch; readonly elapsedMs: number }
  | { readonly vm: string; readonly result: 'launched'; readonly launch: VmLaunch }
  | { readonly vm: string; readonly result: 'already-running'; readonly pid: number }
  | { readonly vm: string; readonly result: 'failed'; readonly failure: Failure }
  | { readonly vm: string; readonly result: 'cancelled' };

export interface VmLaunch {
  readonly pid: number;
  readonly uuid: string;
  readonly accelerator: AcceleratorName;
  readonly overlayPath: string;
  readonly baseImage: string;
  readonly forwards: readonly ActiveForward[];
  readonly sshPort: number;
  readonly serialLog: string;
}

export interface UpOutcome {
  readonly stateRoot: string;
  readonly vms: readonly VmUpResult[];
}

export type VmDownResult =
  | {
      readonly vm: string;
      readonly result: 'stopped';
      readonly outcome: ShutdownOutcome;
      /** False when nothing ran: only leftovers were cleared. */
      readonly changed: boolean;
      readonly totalMs: number;
      readonly reclaimedBytes: number;
      /** Where `--keep-overlay` put the overlay. */
      readonly keptOverlay?: string;
    }
  | { readonly vm: string; readonly result: 'failed'; readonly failure: Failure };

export interface DownOutcome {
  readonly vms: readonly VmDownResult[];
}

/** Where the copied disk came from: a running guest's is as after a power cut. */
export type ExportSource = 'running' | 'stopped' | 'kept';

export interface ExportOutcome {
  readonly vm: string;
  readonly source: ExportSource;
  /** The disk that was copied. */
  readonly from: string;
  readonly path: string;
  readonly bytes: number;
}

export type VmState = 'stopped' | 'starting' | 'running' | 'paused' | 'shutting_down' | 'error' | 'orphaned';

export interface VmStatus {
  readonly name: string;
  readonly role: string;
  readonly state: VmState;
  /** Why the state is what it is, where that is not obvious: one sentence. */
  readonly reason?: string;
  readonly phase?: Phase;
  readonly pid?: number;
  readonly cpus?: number;
  readonly memoryMiB?: number;
  readonly uptimeMs?: number;
  readonly accelerator?: AcceleratorName;
  /** In force while the VM runs; as declared (`host` may be 0) while it does not. */
  readonly forwards: readonly ActiveForward[];
  readonly sshPort?: number;
  readonly overlayPath?: string;
  readonly overlayBytes?: number;
  readonly serialLog?: string;
}

/** The command that is changing the project right now. */
export interface RunningOperation {
  readonly command: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly vms: readonly string[];
}

export interface StatusOutcome {
  readonly projectName: string;
  readonly projectPath: string;
  readonly configVersion: string;
  readonly stateRoot: string;
  readonly brokerPort: number;
  readonly operation?: RunningOperation;
  readonly vms: readonly VmStatus[];
}

export interface LogsOutcome {
  readonly logs: readonly ShownLog[];
}

export interface ShownLog {
  readonly source: string;
  readonly vm?: string;
  readonly kind: LogKind;
  readonly path: string;
  readonly lines: number;
}

/**
 * `declared`: nothing is known against it. `conflict`: somebody else has or wants the port. With a probe, `active`: the
 * guest takes connections; `bound`: QEMU holds the port, and whether the guest listens cannot be known; `inactive`.
 */
export type PortState = 'declared' | 'conflict' | 'broker-reserved' | 'active' | 'bound' | 'inactive';

/** One forward: in force while its VM runs, as declared while it does not. */
export interface PortStatus extends ActiveForward {
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

/** Told without asking QEMU: `running` is any VM whose process lives. */
export interface ListedVm {
  readonly name: string;
  readonly state: 'running' | 'starting' | 'shutting_down' | 'stopped' | 'crashed';
  readonly pid?: number;
  readonly sshPort?: number;
  readonly uptimeMs?: number;
}

export interface ListedProject {
  readonly id: string;
  readonly name: string;
  readonly configPath: string;
  readonly stateRoot: string;
  readonly lastUpAt: string;
  /** castra.toml is gone. */
  readonly configGone: boolean;
  /** VMs that run, and those that left something which `castra down` clears. */
  readonly vms: readonly ListedVm[];
  /** Of the VMs, those that left something. */
  readonly leftovers: number;
  readonly operation?: RunningOperation;
}

export interface ListOutcome {
  readonly projects: readonly ListedProject[];
}
