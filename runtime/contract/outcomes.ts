import type { Diagnostic } from './diagnostics.ts';
import type { AcceleratorName, ActiveForward, CleanupKind, LogKind, Phase, ShutdownOutcome } from './events.ts';
import type { Failure } from './failures.ts';

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
  /** The bootstrap.toml files of its VMs, which are counted in. */
  readonly bootstrapPaths: readonly string[];
  readonly valid: boolean;
  readonly errors: number;
  readonly warnings: number;
}

export interface FormatOutcome {
  readonly configPath: string;
  /** False only with `check`. */
  readonly formatted: boolean;
  /** Whether the file was written. */
  readonly changed: boolean;
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
  /** How many errors castra.toml has, when it has any: VMs that only it declares are missing then. */
  readonly configErrors?: number;
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

/** What became of one file. `planned` in a dry run; `failed` when the system refused. */
export interface CleanAction {
  readonly result: 'removed' | 'planned' | 'skipped' | 'failed';
  readonly kind: CleanupKind;
  readonly path: string;
  /** What the disk gets back: a sparse file by its blocks, a file that has another name not at all. */
  readonly bytes: number;
  /** Why it was skipped or failed. */
  readonly reason?: string;
}

export interface CleanedRoot {
  readonly stateRoot: string;
  readonly projectName?: string;
  readonly actions: readonly CleanAction[];
  readonly reclaimedBytes: number;
  /** Why nothing was done here. Only with scope `all`: elsewhere the operation fails. */
  readonly refused?: string;
}

export interface CleanOutcome {
  readonly dryRun: boolean;
  readonly roots: readonly CleanedRoot[];
  /** Ids of known projects whose castra.toml and state root are both gone; they are known no longer. */
  readonly forgotten: readonly string[];
  /** What became of the image cache, if that was wanted too. */
  readonly images?: ImagesPruneOutcome;
  /** In a dry run: what would be reclaimed. */
  readonly reclaimedBytes: number;
}

interface DoctorFact {
  /** `<group>.<name>`, such as `qemu.system`; one check may have several findings. */
  readonly check: string;
  /** One sentence. */
  readonly message: string;
  /** What the check saw, for programs; fields differ by check and are only ever added. */
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** `info` explains, `warning` costs something, `error` keeps VMs from starting. All but `ok` say what to do. */
export type DoctorFinding =
  | (DoctorFact & { readonly status: 'ok' })
  | (DoctorFact & { readonly status: 'info' | 'warning' | 'error'; readonly fix: string });

export interface DoctorOutcome {
  readonly findings: readonly DoctorFinding[];
  readonly errors: number;
  readonly warnings: number;
}

/** A disk that stands on a cached image. */
export interface ImageUser {
  readonly project: string;
  readonly vm: string;
  readonly kind: 'running' | 'stopped' | 'kept';
  /** The overlay. */
  readonly path: string;
}

export interface ImageSummary {
  /** Of the cached qcow2 file. */
  readonly sha256: string;
  readonly path: string;
  readonly bytes: number;
  /** What it came from, as it was before it was unpacked or converted. */
  readonly sources: readonly {
    readonly url?: string;
    readonly sha256: string;
    readonly sha512?: string;
    readonly format: string;
  }[];
  readonly fetchedAt: string;
  readonly lastUsedAt: string;
  /** Its content is known to be wrong. */
  readonly damaged: boolean;
  readonly users: readonly ImageUser[];
}

export interface ImagesListOutcome {
  readonly folder: string;
  readonly images: readonly ImageSummary[];
}

export interface PulledImage {
  readonly url: string;
  readonly sha256: string;
  readonly path: string;
  readonly bytes: number;
}

export interface ImagesPullOutcome {
  readonly images: readonly PulledImage[];
}

export interface VerifiedImage {
  readonly sha256: string;
  readonly path: string;
  readonly result: 'sound' | 'damaged';
  /** Damaged and deleted, for nothing stood on it. */
  readonly deleted: boolean;
  readonly users: readonly ImageUser[];
}

export interface ImagesVerifyOutcome {
  readonly images: readonly VerifiedImage[];
}

export interface PrunedFile {
  readonly path: string;
  readonly bytes: number;
  readonly result: 'removed' | 'planned' | 'kept';
  /** Why it was kept. */
  readonly reason?: string;
}

export interface ImagesPruneOutcome {
  readonly dryRun: boolean;
  readonly files: readonly PrunedFile[];
  readonly reclaimedBytes: number;
}

export interface ImagesImportOutcome {
  readonly path: string;
  /** Of the cached qcow2 file. */
  readonly sha256: string;
  readonly bytes: number;
  /** Of the file as it was given: what `base_image_sha256` has to say. */
  readonly source: { readonly sha256: string; readonly sha512: string; readonly format: string };
  /** Its architecture, when it is one of Castra's default images. */
  readonly defaultFor?: 'x86_64' | 'aarch64';
}

export interface SshConfigOutcome {
  /** To be named in an Include; written only when the project has run. */
  readonly path: string;
  readonly text: string;
  /** The VMs that run, with the host names to give to ssh. */
  readonly hosts: readonly { readonly vm: string; readonly host: string; readonly port: number }[];
}

export interface SshOutcome {
  readonly vm: string;
  /** Of the remote command; 255 when ssh failed, 128 and the number of a signal that ended it. */
  readonly exitCode: number;
}

export type VmExecResult =
  | { readonly vm: string; readonly exitCode: number }
  | { readonly vm: string; readonly failure: Failure };

export interface ExecOutcome {
  readonly vms: readonly VmExecResult[];
}

export interface CopyOutcome {
  readonly vm: string;
  readonly direction: 'to-vm' | 'from-vm';
  readonly files: number;
  readonly bytes: number;
}
