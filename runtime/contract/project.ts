import type { AcceleratorChoice, BootstrapStatus, ChangingCommand, Phase } from './vocabulary.ts';

/** Which castra.toml: the nearest one from a folder upwards, exactly this one, this text, or one that ran before. */
export type ConfigSelection =
  | { readonly kind: 'discover'; readonly from: string }
  | { readonly kind: 'file'; readonly path: string }
  /**
   * No file but its text. `path` is where the file would be, in a folder that exists: it tells projects apart, and
   * relative paths start from its folder.
   */
  | { readonly kind: 'text'; readonly path: string; readonly text: string }
  /** A project that ran here before: its id, the beginning of it, or its name when no other has that. */
  | { readonly kind: 'project'; readonly id: string };

/** As the environment variables of these names say; undici's EnvHttpProxyAgent reads them so. */
export interface ProxySettings {
  readonly http?: string;
  readonly https?: string;
  readonly none?: string;
}

/** What the user's environment decides; the CLI reads it once (process/environment.ts), a library caller passes it. */
export interface HostSettings {
  /** Holds `projects/`, `images/` and `cache/`; `~/.castra` unless CASTRA_HOME says otherwise. */
  readonly home: string;
  /** Path or name of the qemu-system binary, instead of the host architecture's one on PATH. */
  readonly qemu?: string;
  /** Beats every accelerator in the file. */
  readonly accelerator?: AcceleratorChoice;
  /** CASTRA_ALPINE_MIRROR: asked for the default image before all others; what stands before `/v3.24/…` there. */
  readonly alpineMirror?: string;
  readonly proxy?: ProxySettings;
  /** SSH_AUTH_SOCK: the user's agent, for bootstraps that log in as their bootstrap.toml says. */
  readonly sshAgent?: string;
}

export interface ProjectOptions {
  readonly config: ConfigSelection;
  readonly settings: HostSettings;
}

export interface InitOptions {
  readonly outputPath: string;
  readonly settings: HostSettings;
  readonly projectName?: string;
  readonly force?: boolean;
}

export interface ValidateOptions extends ProjectOptions {}

export interface FormatOptions extends ProjectOptions {
  /** Only say whether the file is formatted. */
  readonly check?: boolean;
}

export interface SchemaOptions {
  /** Of which file; castra.toml by default. */
  readonly file?: 'castra' | 'bootstrap';
}

export interface ListOptions {
  readonly settings: HostSettings;
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

/** The command that is changing the project right now. */
export interface RunningOperation {
  readonly command: ChangingCommand;
  readonly pid: number;
  readonly startedAt: string;
  readonly vms: readonly string[];
  /** How far the VMs are that it starts now. */
  readonly steps?: Readonly<Record<string, Phase>>;
  /** It was asked to stop, and takes back what it began. */
  readonly cancelling?: true;
}

export interface CancelOptions extends ProjectOptions {
  /** VM or role names: commands that change one of these VMs; empty means all commands. */
  readonly vms?: readonly string[];
}

export interface CancelOutcome {
  /** The commands that were asked to stop. */
  readonly operations: readonly RunningOperation[];
  /** Whether all that are meant have ended; false when one takes very long, or is another program's. */
  readonly ended: boolean;
}

/** Told without asking QEMU: `running` is any VM whose process lives. */
export interface ListedVm {
  readonly name: string;
  readonly state: 'running' | 'starting' | 'shutting_down' | 'stopped' | 'crashed';
  readonly pid?: number;
  readonly sshPort?: number;
  readonly uptimeMs?: number;
  readonly bootstrap?: BootstrapStatus;
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
