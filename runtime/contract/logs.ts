import type { ProjectOptions } from './project.ts';

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
  /** Awaited about once for each megabyte, so that a slow reader of the lines does not have to store them. */
  readonly drained?: () => Promise<void>;
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

export const logKinds = ['qemu', 'serial', 'broker', 'bootstrap'] as const;

export type LogKind = (typeof logKinds)[number];

/** Which log: `host-broker`, or `vm:<name>:qemu`, `:serial`, `:bootstrap`. */
interface LogOrigin {
  readonly source: string;
  readonly vm?: string;
  readonly kind: LogKind;
}

export type LogEvent =
  /** Before the lines of a log. `note` says what else there is to know, such as the limits of `--since`. */
  | (LogOrigin & {
      readonly type: 'log.source';
      readonly path: string;
      readonly state: 'present' | 'empty' | 'missing' | 'unreadable';
      readonly note?: string;
    })
  /** One line as it stands in the log, without its end; it may hold control characters. */
  | (LogOrigin & { readonly type: 'log.line'; readonly text: string });
