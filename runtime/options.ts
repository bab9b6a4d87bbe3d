import type { AcceleratorName } from './events.ts';

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
