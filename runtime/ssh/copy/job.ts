import type { FileSide } from './fileSide.ts';

/** Counts up while a copy runs. */
export interface CopyCount {
  files: number;
  bytes: number;
}

export interface CopyJob {
  readonly from: FileSide;
  readonly to: FileSide;
  readonly signal: AbortSignal;
  readonly count: CopyCount;
  /** Awaited before so many bytes are written; fails when there is no room for them. */
  readonly makeRoom: (bytes: number) => Promise<void>;
  /** Told of what is neither file, folder nor link, and so is left out. */
  readonly skipped: (path: string) => void;
}
