/** How much a finding matters: `info` explains, `warning` deserves a look, `error` stops the operation. */
export type Severity = 'info' | 'warning' | 'error';

export type AcceleratorChoice = 'auto' | AcceleratorName;

/** Beats the file's `[lifecycle]`. */
export interface ShutdownWaits {
  readonly gracefulMs: number;
  readonly sigtermMs: number;
  readonly sigkillMs: number;
}

export type AcceleratorName = 'kvm' | 'hvf' | 'whpx' | 'tcg';

/** A forward as declared: `host` 0 asks for any free port at `up`. */
export interface PortForward {
  readonly bind: string;
  readonly host: number;
  readonly guest: number;
  readonly protocol: 'tcp' | 'udp';
}

/** A checksum of what is downloaded; `hex` in lower case. */
export interface Digest {
  readonly algorithm: 'sha256' | 'sha512';
  readonly hex: string;
}

/** When logs are rotated, and how many old ones of each are kept. */
export interface LogLimits {
  readonly maxBytes: number;
  readonly keep: number;
}

/** The commands that hold a project's lock while they change it. */
export const changingCommands = ['up', 'down', 'resume', 'reboot', 'bootstrap', 'clean', 'export'] as const;
/** `unknown`: a newer Castra holds the lock with a command that this one does not know. */
export type ChangingCommand = (typeof changingCommands)[number] | 'unknown';

/** What a changing command does to the VMs that it names. */
export type CommandEffect = 'starts' | 'stops' | 'leaves';
export const commandEffects: Readonly<Record<ChangingCommand, CommandEffect>> = {
  up: 'starts',
  down: 'stops',
  resume: 'leaves',
  bootstrap: 'leaves',
  reboot: 'starts',
  clean: 'leaves',
  export: 'leaves',
  unknown: 'leaves',
};

/** How far a start has come, in order. Each step is inferred from evidence, never from elapsed time. */
export const phases = ['image', 'overlay', 'qemu', 'firmware', 'kernel', 'network', 'ready'] as const;

export type Phase = (typeof phases)[number];

/** As QEMU names its system emulators. */
export type Architecture = 'x86_64' | 'aarch64';

/** How a VM proves that it is up: by an SSH login, an SSH banner, its agent's hello to the broker, a line on its serial
 * console, or not at all. */
export type ReadySignal =
  | { readonly kind: 'ssh' }
  | { readonly kind: 'banner' }
  | { readonly kind: 'broker' }
  | { readonly kind: 'none' }
  | { readonly kind: 'serial'; readonly pattern: string };

/** How far a bootstrap has come, in order; `reboot` only after a step that asks for it. */
export const bootstrapPhases = ['wait-handshake', 'connect', 'transfer', 'apply', 'verify', 'reboot'] as const;

export type BootstrapPhase = (typeof bootstrapPhases)[number];

/** What `status` and `list` tell of a VM's bootstrap. */
export interface BootstrapStatus {
  /** `pending`: there is something to run that has not run on this disk. */
  readonly state: 'pending' | 'running' | 'done' | 'failed';
  /** While it runs, or where it failed. */
  readonly step?: string;
  /** Since when the step runs; when it is done or failed, when it ended. */
  readonly since?: string;
  readonly reason?: string;
  readonly logPath?: string;
}
