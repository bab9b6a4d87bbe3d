import type { Digest } from '../config/project.ts';
import type { AcceleratorName, LogKind } from './events.ts';

/** Which castra.toml: the nearest one from a folder upwards, or exactly this one. */
export type ConfigSelection =
  | { readonly kind: 'discover'; readonly from: string }
  | { readonly kind: 'file'; readonly path: string }
  /** A project that ran here before: its id, the beginning of it, or its name when no other has that. */
  | { readonly kind: 'project'; readonly id: string };

export type AcceleratorChoice = 'auto' | AcceleratorName;

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

export interface UpOptions extends ProjectOptions {
  /** VM or role names; empty means all. */
  readonly vms?: readonly string[];
  /** Go on although cpus, memory or disk do not suffice. Ports and missing programs are never forced. */
  readonly force?: boolean;
  /** Return when each VM is ready (the default), or as soon as its QEMU runs. */
  readonly wait?: boolean;
  /** Beats `ready_timeout_secs` of every VM. */
  readonly timeoutMs?: number;
}

/** Beats the file's `[lifecycle]`. */
export interface ShutdownWaits {
  readonly gracefulMs: number;
  readonly sigtermMs: number;
  readonly sigkillMs: number;
}

export interface DownOptions extends ProjectOptions {
  readonly vms?: readonly string[];
  readonly waits?: Partial<ShutdownWaits>;
  /** Put the overlays aside instead of discarding them. */
  readonly keepOverlay?: boolean;
}

export interface ExportOptions extends ProjectOptions {
  readonly vm: string;
  /** Absolute path of the qcow2 file to write. */
  readonly outputPath: string;
  /** Replace an existing file. */
  readonly force?: boolean;
}

export interface StatusOptions extends ProjectOptions {}

export interface LogsOptions extends ProjectOptions {
  /** VM or role names; empty means all, and the broker. */
  readonly vms?: readonly string[];
  /** Empty means all. */
  readonly sources?: readonly LogKind[];
  /** Lines of each log, from its end; Infinity for all. Without it 100, or all with `since`. */
  readonly tail?: number;
  /** Milliseconds since 1970: leaves out what is provably older. */
  readonly since?: number;
  /** Go on with what is written until the run is aborted. */
  readonly follow?: boolean;
  /** Awaited about once for each megabyte, so that whoever takes the lines slowly does not have to store them. */
  readonly drained?: () => Promise<void>;
}

export interface PortsOptions extends ProjectOptions {
  /** Try the forwards of running VMs. */
  readonly active?: boolean;
}

export interface ConsoleOptions extends ProjectOptions {
  /** A VM, or a role that has only one. */
  readonly vm: string;
}

export interface ListOptions {
  readonly settings: HostSettings;
}

/** Whose state is cleaned: a project's, that of a folder whose project may be gone, or all that Castra knows of. */
export type CleanScope =
  | { readonly kind: 'project'; readonly config: ConfigSelection }
  | { readonly kind: 'state-root'; readonly path: string }
  | { readonly kind: 'all' };

export interface CleanOptions {
  readonly scope: CleanScope;
  readonly settings: HostSettings;
  /** Only tell what would be removed. Changes nothing: no lock is taken, no file is made. */
  readonly dryRun?: boolean;
  readonly keepLogs?: boolean;
  readonly keepHandshakes?: boolean;
  /** Also the overlays that `down --keep-overlay` put aside. */
  readonly kept?: boolean;
  /** Also cached images that no disk stands on, as `images prune` does. */
  readonly images?: boolean;
  /** Stop VMs that run there, in order, instead of refusing. */
  readonly force?: boolean;
}

export interface DoctorOptions extends ProjectOptions {
  /** The environment variables that decide something: CASTRA_* and those of proxies. Only for telling; `settings` count. */
  readonly variables?: Readonly<Record<string, string>>;
}

export interface ImagesListOptions {
  readonly settings: HostSettings;
}

/** Without a URL: the images of the project, or the default one where there is no project. */
export interface ImagesPullOptions extends ProjectOptions {
  readonly url?: string;
  readonly digest?: Digest;
}

export interface ImagesVerifyOptions {
  readonly settings: HostSettings;
}

export interface ImagesPruneOptions {
  readonly settings: HostSettings;
  /** Only tell what would be removed. */
  readonly dryRun?: boolean;
}

export interface ImagesImportOptions {
  readonly settings: HostSettings;
  /** Absolute. */
  readonly file: string;
}

export interface SshConfigOptions extends ProjectOptions {}

/** Works on this process's standard streams: it is for programs with a terminal. */
export interface SshOptions extends ProjectOptions {
  /** A VM, or a role of which one VM runs. */
  readonly vm: string;
  /** One word is a line of shell; of several, each reaches the program as it is. None: a login shell. */
  readonly command?: readonly string[];
}

export interface ExecOptions extends ProjectOptions {
  /** VMs or roles; empty means all that run. */
  readonly vms?: readonly string[];
  readonly command: readonly string[];
  /** Awaited after each piece of output, so that a slow reader slows the commands down instead of filling memory. */
  readonly drained?: () => Promise<void>;
}

export interface CopyOptions extends ProjectOptions {
  /** Paths here, or `vm:path`; all on the same side. Relative ones start from `from`, or from the guest's home folder. */
  readonly sources: readonly string[];
  readonly destination: string;
  /** Absolute: what relative paths of this host start from. */
  readonly from: string;
}
