import type { BootstrapMode } from '../config/project.ts';
import type { ProjectOptions } from './project.ts';
import type { SingleFailure } from './singleFailure.ts';
import type { BootstrapPhase } from './vocabulary.ts';

/** Which mode counts instead of the one in castra.toml: for all VMs, and for single VMs or roles, which beat it. */
export interface BootstrapModes {
  readonly all?: BootstrapMode;
  readonly vms?: Readonly<Record<string, BootstrapMode>>;
}

/** Asks for the passphrase of a private key. Undefined: no user can be asked, or the user gave none. */
export type AskPassphrase = (identity: string) => Promise<string | undefined>;

/** What every command takes that runs bootstraps. */
export interface BootstrapRunOptions {
  /** Without it, a key with a passphrase is refused. */
  readonly askPassphrase?: AskPassphrase;
  /** Awaited after each piece of output, so that a slow reader slows the scripts down instead of filling memory. */
  readonly drained?: () => Promise<void>;
}

export interface BootstrapOptions extends ProjectOptions, BootstrapRunOptions {
  /** VM or role names; empty means all that run. */
  readonly vms?: readonly string[];
  /** Without it, what there is to run is run again. */
  readonly mode?: BootstrapMode;
  /** Only the step of this name; it leaves no stamp. */
  readonly step?: string;
}

export interface PlanBootstrapOptions extends ProjectOptions {
  /** VM or role names; empty means all. */
  readonly vms?: readonly string[];
  readonly modes?: BootstrapModes;
  /** Also the VMs that these need, as `up` would start them. */
  readonly withNeeds?: boolean;
}

export interface BootstrapStep {
  readonly step: BootstrapPhase;
  /** Of `apply` and `reboot`: which step of bootstrap.toml. */
  readonly name?: string;
  /** `noop`: its script said that there was nothing to do. */
  readonly status: 'success' | 'noop' | 'skipped' | 'failed';
  readonly durationMs: number;
  /** What was done, or why it was skipped or failed. */
  readonly detail?: string;
}

/** Files of one run. */
export interface BootstrapFiles {
  /** What the scripts printed. */
  readonly logPath: string;
  /** What ran, as JSON. */
  readonly runLogPath: string;
}

export type VmBootstrapResult =
  | ({
      readonly vm: string;
      readonly status: 'success' | 'noop';
      /** Why it ran. */
      readonly reason: string;
      readonly durationMs: number;
      readonly steps: readonly BootstrapStep[];
    } & BootstrapFiles)
  | { readonly vm: string; readonly status: 'skipped'; readonly reason: string }
  | ({
      readonly vm: string;
      readonly status: 'failed';
      readonly failure: SingleFailure;
      readonly durationMs: number;
      readonly steps: readonly BootstrapStep[];
    } & Partial<BootstrapFiles>)
  | { readonly vm: string; readonly status: 'cancelled' };

export interface BootstrapOutcome {
  readonly vms: readonly VmBootstrapResult[];
}

/** What a bootstrap would do. */
export interface PlannedBootstrap {
  readonly vm: string;
  readonly mode: BootstrapMode;
  readonly action: 'would-run' | 'would-skip' | 'error';
  /** Why. */
  readonly reason: string;
  readonly scriptPath?: string;
  readonly payloadPath?: string;
  readonly payloadBytes?: number;
  readonly handshakeTimeoutMs?: number;
  readonly remoteDir?: string;
  readonly ssh?: PlannedLogin;
  /** Names only, sorted: values may be secret. */
  readonly envKeys: readonly string[];
  readonly steps: readonly PlannedStep[];
  readonly verify?: { readonly command?: string; readonly path?: string; readonly pathIsRelative: boolean };
  readonly artifactHash?: string;
  readonly metadataPath?: string;
  readonly warnings: readonly string[];
}

/** `port` is missing for a VM that does not run and gets a free one. */
export interface PlannedLogin {
  readonly user: string;
  readonly host: string;
  readonly port?: number;
  readonly identity?: string;
  readonly options: readonly string[];
}

export interface PlannedStep {
  readonly name: string;
  /** Path of its script; missing for inline text. */
  readonly script?: string;
  readonly user?: string;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly creates?: string;
  readonly check?: string;
  readonly needs: readonly string[];
  readonly reboot: boolean;
}

export interface PlanBootstrapOutcome {
  readonly vms: readonly PlannedBootstrap[];
}

export type BootstrapEvent =
  | { readonly type: 'bootstrap.planned'; readonly vm: string; readonly plan: PlannedBootstrap }
  | { readonly type: 'bootstrap.started'; readonly vm: string; readonly reason: string; readonly logPath: string }
  | {
      readonly type: 'bootstrap.step';
      readonly vm: string;
      readonly step: BootstrapPhase;
      readonly name?: string;
      /** Of the steps of this run, counted from 1; both are missing where the number is not known yet. */
      readonly index?: number;
      readonly count?: number;
      /** `retrying`: it failed and is tried again. `waiting`: for the bootstrap of another VM. */
      readonly status: 'started' | 'waiting' | 'retrying' | BootstrapStep['status'];
      readonly durationMs?: number;
      readonly detail?: string;
    }
  | {
      readonly type: 'bootstrap.progress';
      readonly vm: string;
      readonly doneBytes: number;
      readonly totalBytes: number;
    }
  /** Whole lines, or the last piece of a stream; at most 128 KiB at a time. */
  | {
      readonly type: 'bootstrap.output';
      readonly vm: string;
      readonly name: string;
      readonly stream: 'stdout' | 'stderr';
      readonly text: string;
    }
  | { readonly type: 'bootstrap.skipped'; readonly vm: string; readonly reason: string }
  | {
      readonly type: 'bootstrap.completed';
      readonly vm: string;
      readonly status: 'success' | 'noop';
      readonly durationMs: number;
    }
  | { readonly type: 'bootstrap.failed'; readonly vm: string; readonly message: string }
  /** The last event of a command that ran bootstraps. */
  | { readonly type: 'bootstrap.summary'; readonly vms: readonly VmBootstrapResult[] };
