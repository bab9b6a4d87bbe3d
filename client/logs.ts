import type * as vscode from 'vscode';
import type { ChosenVm } from './choose.ts';
import type { FleetStore } from './fleetStore.ts';

export type LogSource = 'serial' | 'qemu';

/** Output channels that follow logs; one per source, from the first time it is shown until its VM is gone. */
export interface LogChannels extends vscode.Disposable {
  /** Brings a log to the front: only ever because somebody asked. */
  show(chosen: ChosenVm, source: LogSource): void;
}

export function openLogs(_fleet: FleetStore): LogChannels {
  throw new Error('written by the helper');
}
