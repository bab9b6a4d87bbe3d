import type { ProjectOptions } from './project.ts';

export interface ExportOptions extends ProjectOptions {
  readonly vm: string;
  /** Absolute path of the qcow2 file to write. */
  readonly outputPath: string;
  /** Replace an existing file. */
  readonly force?: boolean;
}

/** Where the copied disk came from: a running guest's is as after a power cut. */
export type ExportSource = 'running' | 'stopped' | 'kept';

export interface ExportOutcome {
  readonly vm: string;
  readonly source: ExportSource;
  /** The disk that was copied. */
  readonly from: string;
  readonly path: string;
  readonly bytes: number;
}

export type ExportEvent =
  /** `totalBytes` is the size of the disk, of which only what is in use is written. */
  {
    readonly type: 'export.progress';
    readonly vm: string;
    readonly doneBytes: number;
    readonly totalBytes: number;
  };
