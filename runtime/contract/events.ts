import type { Diagnostic, Severity } from './diagnostics.ts';

/** How far a start has come, in order. Each step is told from evidence, never from elapsed time. */
export const phases = ['image', 'overlay', 'qemu', 'firmware', 'kernel', 'network', 'ready'] as const;
export type Phase = (typeof phases)[number];

export type AcceleratorName = 'kvm' | 'hvf' | 'whpx' | 'tcg';

/** A forward as it is in force: `host` is never 0 here. */
export interface ActiveForward {
  readonly bind: string;
  readonly host: number;
  readonly guest: number;
  readonly protocol: 'tcp' | 'udp';
}

export type DiscardReason = 'shutdown' | 'orphan' | 'rollback';
export type ShutdownMethod = 'acpi' | 'unavailable';
export type CooperativeTimeoutReason = 'timeout-expired' | 'channel-unavailable' | 'channel-error';
export type EscalationSignal = 'SIGTERM' | 'SIGKILL';
export type ShutdownOutcome = 'graceful' | 'forced';

/**
 * Everything an operation tells while it runs: past tense, dotted, tagged by `type`.
 *
 * Readers ignore types they do not know; fields are only ever added (see stream.ts). Times are milliseconds.
 */
export type Event =
  /** Told as soon as it is found, so that it is not lost when the operation fails later. */
  | { readonly type: 'diagnostic'; readonly diagnostic: Diagnostic }
  | { readonly type: 'message'; readonly severity: Severity; readonly text: string }
  | { readonly type: 'accelerator.selected'; readonly accelerator: AcceleratorName; readonly reason: string }
  | ImageEvent
  | CleanupEvent
  | LogEvent
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
  /** `totalBytes` is the size of the disk, of which only what is in use is written. */
  | {
      readonly type: 'export.progress';
      readonly vm: string;
      readonly doneBytes: number;
      readonly totalBytes: number;
    }
  | { readonly type: 'vm.phase'; readonly vm: string; readonly phase: Phase; readonly detail?: string }
  | {
      readonly type: 'vm.launched';
      readonly vm: string;
      readonly pid: number;
      readonly accelerator: AcceleratorName;
      readonly forwards: readonly ActiveForward[];
      readonly sshPort: number;
    }
  | { readonly type: 'vm.kept'; readonly vm: string; readonly pid: number }
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
  /** Whole lines, or the last piece of a stream; at most 128 KiB at a time. */
  | {
      readonly type: 'exec.output';
      readonly vm: string;
      readonly stream: 'stdout' | 'stderr';
      readonly text: string;
    }
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

/** What happens to base images; `url` is the one of the mirror that is being asked. */
export type ImageEvent =
  | {
      readonly type: 'image.download-started';
      readonly url: string;
      /** Bytes that an earlier, broken-off download left. */
      readonly resumedBytes: number;
      readonly totalBytes?: number;
    }
  /** Told at most a few times a second. `byPid`: another process downloads it, and this one waits. */
  | {
      readonly type: 'image.progress';
      readonly url: string;
      readonly receivedBytes: number;
      readonly totalBytes?: number;
      readonly byPid?: number;
    }
  | {
      readonly type: 'image.retrying';
      readonly url: string;
      readonly reason: string;
      readonly delayMs: number;
    }
  /** Something that was downloaded is of no use and was deleted. */
  | { readonly type: 'image.discarded'; readonly path: string; readonly reason: string }
  | { readonly type: 'image.verified'; readonly path: string; readonly digest: string }
  | { readonly type: 'image.unpacking'; readonly url: string; readonly from: string }
  | { readonly type: 'image.converting'; readonly url: string; readonly from: string }
  | { readonly type: 'image.ready'; readonly url: string; readonly path: string; readonly bytes: number };

export const logKinds = ['qemu', 'serial', 'broker', 'bootstrap'] as const;
export type LogKind = (typeof logKinds)[number];

/** Which log: `host-broker`, or `vm:<name>:qemu`, `:serial`, `:bootstrap`. */
interface LogOrigin {
  readonly source: string;
  readonly vm?: string;
  readonly kind: LogKind;
}

export type LogEvent =
  /** Before the lines of a log. `note` says what else there is to know, such as what `--since` could not tell. */
  | (LogOrigin & {
      readonly type: 'log.source';
      readonly path: string;
      readonly state: 'present' | 'empty' | 'missing' | 'unreadable';
      readonly note?: string;
    })
  /** One line as it stands in the log, without its end; it may hold control characters. */
  | (LogOrigin & { readonly type: 'log.line'; readonly text: string });

export type CleanupKind =
  | 'images'
  | 'logs'
  | 'handshakes'
  | 'pid-file'
  | 'socket'
  | 'overlay'
  | 'kept-overlay'
  | 'firmware-vars'
  | 'seed'
  | 'ssh-config'
  | 'record'
  | 'temporary'
  /** Not ours; only ever skipped. */
  | 'unknown';

export type CleanupEvent =
  | { readonly type: 'cleanup.started'; readonly stateRoot: string; readonly dryRun: boolean }
  /** `planned` in a dry run: it would be removed. */
  | {
      readonly type: 'cleanup.removed' | 'cleanup.planned';
      readonly stateRoot: string;
      readonly kind: CleanupKind;
      readonly path: string;
      readonly bytes: number;
    }
  | {
      readonly type: 'cleanup.skipped';
      readonly stateRoot: string;
      readonly kind: CleanupKind;
      readonly path: string;
      readonly reason: string;
    }
  /** It should have gone, but the system refused. */
  | {
      readonly type: 'cleanup.failed';
      readonly stateRoot: string;
      readonly kind: CleanupKind;
      readonly path: string;
      readonly reason: string;
    }
  | { readonly type: 'cleanup.completed'; readonly stateRoot: string; readonly reclaimedBytes: number };

export type EventType = Event['type'];
export type EventOf<T extends EventType> = Extract<Event, { readonly type: T }>;
