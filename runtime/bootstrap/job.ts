import type { Reporter } from '../contract/reporter.ts';
import type { BootstrapPhase, LogLimits } from '../contract/vocabulary.ts';
import type { SshTarget } from '../ssh/target.ts';
import type { GuestLink } from './guest/guestLink.ts';
import type { Mark } from './guest/programs.ts';
import type { OutputLog } from './outputLog.ts';
import type { Artifact } from './payload/artifact.ts';
import type { BootstrapPlan } from './plan.ts';
import type { DiskIdentity, Leftover } from './stamp.ts';

/** One bootstrap that is to run, and what it needs of the rest of Castra. */
export interface BootstrapJob {
  readonly plan: BootstrapPlan;
  readonly artifact: Artifact;
  readonly stateRoot: string;
  /** Of the launch. */
  readonly uuid: string;
  readonly disk: DiskIdentity;
  /** SHA-256 of the base image. */
  readonly hashBase: () => Promise<string>;
  readonly target: SshTarget;
  /** Run it though nothing changed; without it, the guest's stamp decides. */
  readonly always: boolean;
  /** Only a part runs: no stamp is written. */
  readonly isPartial: boolean;
  readonly logs: LogLimits;
  readonly report: Reporter;
  readonly signal: AbortSignal;
  readonly drained?: () => Promise<void>;
  readonly isAlive: () => boolean;
  /**
   * Waits until the guest has proven itself, and says by what. The link may be connected meanwhile; whatever else counts
   * as a proof leaves that to the next step.
   */
  readonly proveGuest: (link: GuestLink, deadline: number) => Promise<string>;
  /** Waits for the bootstraps of other VMs: why they do not count as done, or undefined. */
  readonly waitFor: (names: readonly string[]) => Promise<string | undefined>;
}

/** A run that has begun. */
export interface ActiveRun {
  readonly job: BootstrapJob;
  readonly link: GuestLink;
  readonly log: OutputLog;
  readonly mark: Mark;
  readonly runId: string;
  /** Remembers on this host what may be left running in the guest. */
  readonly onGroup: (group: Leftover) => void;
  readonly steps: StepRecorder;
}

/** Times steps, and tells of them. */
export interface StepRecorder {
  run(step: StepName, act: () => Promise<StepOutcome>): Promise<StepOutcome>;
  retrying(step: StepName, detail: string): void;
  waiting(step: StepName, detail: string): void;
}

export interface StepName {
  readonly step: BootstrapPhase;
  readonly name?: string;
}

export interface StepOutcome {
  readonly status: 'success' | 'noop' | 'skipped';
  readonly detail?: string;
}
