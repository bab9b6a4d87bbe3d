import type { ImagesPruneOutcome } from './images.ts';
import type { ConfigSelection, HostSettings } from './project.ts';

/** Whose state is cleaned: a project's, that of a folder whose project may be gone, or all that Castra knows of. */
export type CleanScope =
  | { readonly kind: 'project'; readonly config: ConfigSelection }
  | { readonly kind: 'state-root'; readonly path: string }
  | { readonly kind: 'all' };

export interface CleanOptions {
  readonly scope: CleanScope;
  readonly settings: HostSettings;
  /** Only list what would be removed. Changes nothing: takes no lock, creates no file. */
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
  /** Compiled code of the command line; with scope `all`, where there was any. */
  readonly code?: CleanedCode;
  /** In a dry run: what would be reclaimed. */
  readonly reclaimedBytes: number;
}

/** Removed as a whole, or in a dry run to be removed. */
export interface CleanedCode {
  readonly path: string;
  readonly bytes: number;
}

export type CleanupKind =
  | 'images'
  | 'logs'
  | 'handshakes'
  | 'broker'
  | 'pid-file'
  | 'socket'
  | 'overlay'
  | 'kept-overlay'
  | 'firmware-vars'
  | 'seed'
  | 'ssh-config'
  | 'record'
  /** What is known of a VM's bootstrap. */
  | 'bootstrap'
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
