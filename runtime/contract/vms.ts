import type { BootstrapModes, BootstrapRunOptions, VmBootstrapResult } from './bootstrap.ts';
import type { BrokerStatus, GuestBus } from './broker.ts';
import type { Consent } from './consent.ts';
import type { ProjectOptions, RunningOperation } from './project.ts';
import type { SingleFailure } from './singleFailure.ts';
import type {
  AcceleratorName,
  BootstrapStatus,
  ChangingCommand,
  Phase,
  PortForward,
  ShutdownWaits,
} from './vocabulary.ts';

export interface UpOptions extends ProjectOptions, BootstrapRunOptions {
  /** Start only the broker. */
  readonly brokerOnly?: boolean;
  /** VM or role names; empty means all. */
  readonly vms?: readonly string[];
  /** Go on although cpus, memory or disk do not suffice. Ports and missing programs are never forced. */
  readonly force?: boolean;
  /** Return when each VM is ready (the default), or as soon as its QEMU runs. */
  readonly wait?: boolean;
  /** Beats `ready_timeout_secs` of every VM. */
  readonly timeoutMs?: number;
  /**
   * Asked before the first start of a project that reaches beyond its VMs (`qemu_args`, ports open to other hosts).
   * Without it, that is reported and not asked.
   */
  readonly consent?: Consent;
  /** Beats the modes of castra.toml. */
  readonly bootstrap?: BootstrapModes;
  readonly waitLock?: WaitLock;
}

/** While another command changes the project: wait until it has ended. Without it, the operation fails with `busy`. */
export type WaitLock = boolean;

export interface DownOptions extends ProjectOptions {
  readonly vms?: readonly string[];
  readonly waitLock?: WaitLock;
  readonly waits?: Partial<ShutdownWaits>;
  /** Put the overlays aside instead of discarding them. */
  readonly keepOverlay?: boolean;
}

export interface ResumeOptions extends ProjectOptions {
  /** VM or role names; empty means all that run. */
  readonly vms?: readonly string[];
  readonly waitLock?: WaitLock;
}

export type VmResumeResult =
  | { readonly vm: string; readonly result: 'resumed' | 'already-running' }
  | { readonly vm: string; readonly result: 'failed'; readonly failure: SingleFailure };

export interface ResumeOutcome {
  readonly vms: readonly VmResumeResult[];
}

/** Stops VMs, and starts them with new disks. */
export interface RestartOptions extends UpOptions {
  /** VM or role names; empty means all that run. */
  readonly vms?: readonly string[];
  /** Put the old disks aside instead of discarding them. */
  readonly keepOverlay?: boolean;
  /** Asked before disks are discarded, too. Without it, that is reported and not asked. */
  readonly consent?: Consent;
}

export interface RebootOptions extends ProjectOptions {
  /** VM or role names; empty means all that run. */
  readonly vms?: readonly string[];
  /** Reset the machine instead of asking the guest: what it has not written to its disk is lost. */
  readonly hard?: boolean;
  /** Return when each VM is ready again (the default), or as soon as it restarts. */
  readonly wait?: boolean;
  /** Of the wait; beats `ready_timeout_secs`. */
  readonly timeoutMs?: number;
}

/** By a command in the guest, or by the reset button. */
export type RebootMethod = 'guest' | 'reset';

export type VmRebootResult =
  | { readonly vm: string; readonly result: 'ready'; readonly elapsedMs: number }
  /** It was not waited for. */
  | { readonly vm: string; readonly result: 'rebooted' }
  | { readonly vm: string; readonly result: 'failed'; readonly failure: SingleFailure };

export interface RebootOutcome {
  readonly vms: readonly VmRebootResult[];
}

export interface StatusOptions extends ProjectOptions {
  /** VM or role names; empty means all. */
  readonly vms?: readonly string[];
}

/** How one VM came out of `up`; `failed` and `not-ready` carry why. */
export type VmUpResult =
  | {
      readonly vm: string;
      readonly result: 'ready';
      readonly launch: VmLaunch;
      readonly elapsedMs: number;
      /** Missing where there was nothing to run. */
      readonly bootstrap?: VmBootstrapResult;
    }
  | { readonly vm: string; readonly result: 'launched'; readonly launch: VmLaunch }
  /** `launch` is missing when its launch record is. */
  | {
      readonly vm: string;
      readonly result: 'already-running';
      readonly pid: number;
      readonly launch?: VmLaunch;
      readonly bootstrap?: VmBootstrapResult;
    }
  | { readonly vm: string; readonly result: 'failed'; readonly failure: SingleFailure }
  | { readonly vm: string; readonly result: 'cancelled' };

export interface VmLaunch {
  readonly pid: number;
  readonly uuid: string;
  readonly accelerator: AcceleratorName;
  readonly overlayPath: string;
  readonly baseImage: string;
  readonly forwards: readonly PortForward[];
  readonly sshPort: number;
  readonly serialLog: string;
}

export interface UpOutcome {
  readonly stateRoot: string;
  /** Absent where the file turns it off. */
  readonly broker?: BrokerStatus;
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
  | { readonly vm: string; readonly result: 'failed'; readonly failure: SingleFailure };

export interface DownOutcome {
  readonly vms: readonly VmDownResult[];
}

export type VmState = 'stopped' | 'starting' | 'running' | 'paused' | 'shutting_down' | 'error' | 'orphaned';

export interface VmStatus {
  readonly name: string;
  readonly role: string;
  readonly state: VmState;
  /** castra.toml can be read and does not declare it: it runs all the same, or left files. */
  readonly undeclared?: true;
  /** Why the state is what it is, where that is not obvious: one sentence. */
  readonly reason?: string;
  readonly phase?: Phase;
  readonly pid?: number;
  readonly cpus?: number;
  readonly memoryMiB?: number;
  readonly uptimeMs?: number;
  readonly accelerator?: AcceleratorName;
  /** In force while the VM runs; as declared (`host` may be 0) while it does not. */
  readonly forwards: readonly PortForward[];
  readonly sshPort?: number;
  readonly overlayPath?: string;
  readonly overlayBytes?: number;
  readonly serialLog?: string;
  /** Only when the guest said hello to the broker in this launch. */
  readonly bus?: GuestBus;
  /** Missing for a VM that has nothing to run. */
  readonly bootstrap?: BootstrapStatus;
}

export interface StatusOutcome {
  readonly projectName: string;
  readonly projectPath: string;
  readonly configVersion: string;
  readonly stateRoot: string;
  /** The one in use; of a broker that does not run, the one that castra.toml names. */
  readonly brokerPort: number;
  readonly broker: BrokerStatus;
  /** The oldest command that is changing the project now. */
  readonly operation?: RunningOperation;
  /** All of them, where there are several: each changes other VMs. */
  readonly operations?: readonly RunningOperation[];
  /** How many errors castra.toml has, when it has any: VMs that only it declares are missing then. */
  readonly configErrors?: number;
  readonly vms: readonly VmStatus[];
}

export type DiscardReason = 'shutdown' | 'orphan' | 'rollback';

export type ShutdownMethod = 'acpi' | 'unavailable';

export type CooperativeTimeoutReason = 'timeout-expired' | 'channel-unavailable' | 'channel-error';

export type EscalationSignal = 'SIGTERM' | 'SIGKILL';

export type ShutdownOutcome = 'graceful' | 'forced';

/** What happens to VMs: how a start and a stop proceed, and what becomes of overlays. */
export type VmEvent =
  /** `waitLock`: another command changes the project; reported once for each. Fields are missing when it does not say. */
  | {
      readonly type: 'lock.waiting';
      readonly command: ChangingCommand;
      readonly pid?: number;
      readonly vms: readonly string[];
    }
  | { readonly type: 'accelerator.selected'; readonly accelerator: AcceleratorName; readonly reason: string }
  | { readonly type: 'overlay.prepared'; readonly vm: string; readonly path: string; readonly baseImage: string }
  | {
      readonly type: 'overlay.discarded';
      readonly vm: string;
      readonly path: string;
      readonly reclaimedBytes: number;
      readonly reason: DiscardReason;
    }
  /** `down --keep-overlay`: it was put aside instead of being discarded. */
  | { readonly type: 'overlay.kept'; readonly vm: string; readonly path: string; readonly bytes: number }
  | { readonly type: 'vm.phase'; readonly vm: string; readonly phase: Phase; readonly detail?: string }
  | {
      readonly type: 'vm.launched';
      readonly vm: string;
      readonly pid: number;
      readonly accelerator: AcceleratorName;
      readonly forwards: readonly PortForward[];
      readonly sshPort: number;
    }
  | { readonly type: 'vm.kept'; readonly vm: string; readonly pid: number }
  /** The guest stood still, for `reason`, and continues. */
  | { readonly type: 'vm.resumed'; readonly vm: string; readonly reason: string }
  /** The guest was asked to reboot, or is reset. */
  | { readonly type: 'vm.rebooting'; readonly vm: string; readonly method: RebootMethod }
  | { readonly type: 'vm.ready'; readonly vm: string; readonly elapsedMs: number; readonly evidence: string }
  | {
      readonly type: 'vm.not-ready';
      readonly vm: string;
      readonly waitedMs: number;
      readonly phase: Phase;
      readonly evidence: string;
    }
  | { readonly type: 'vm.failed'; readonly vm: string; readonly message: string }
  | { readonly type: 'vm.rolled-back'; readonly vm: string }
  | { readonly type: 'shutdown.requested'; readonly vm: string }
  | {
      readonly type: 'shutdown.cooperative-attempted';
      readonly vm: string;
      readonly method: ShutdownMethod;
      readonly timeoutMs: number;
    }
  | { readonly type: 'shutdown.cooperative-succeeded'; readonly vm: string; readonly elapsedMs: number }
  | {
      readonly type: 'shutdown.cooperative-timed-out';
      readonly vm: string;
      readonly waitedMs: number;
      readonly reason: CooperativeTimeoutReason;
      readonly detail?: string;
    }
  | {
      readonly type: 'shutdown.escalated';
      readonly vm: string;
      readonly signal: EscalationSignal;
      readonly timeoutMs: number;
    }
  | {
      readonly type: 'shutdown.completed';
      readonly vm: string;
      readonly outcome: ShutdownOutcome;
      readonly totalMs: number;
      readonly changed: boolean;
    }
  | { readonly type: 'shutdown.failed'; readonly vm: string; readonly message: string };
