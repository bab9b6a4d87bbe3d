import type { Operations } from '../cli/commandsOfProjects.ts';
import type { FleetStore } from '../fleet/store.ts';
import type { RowState } from '../fleet/view.ts';
import type { Host } from '../host.ts';
import type { LogChannels } from '../logs/logs.ts';

/** What commands work with. */
export interface CommandParts {
  readonly host: Host;
  readonly fleet: FleetStore;
  readonly operations: Operations;
  readonly logs: LogChannels;
  readonly restartServer: () => Promise<void>;
}

/** Which rows a command can be applied to. */
export const STARTABLE: readonly RowState[] = ['stopped', 'failed', 'unknown'];
export const STOPPABLE: readonly RowState[] = ['running', 'degraded', 'paused', 'orphan', 'starting', 'stopping'];
export const RUNNING: readonly RowState[] = ['running', 'degraded', 'orphan', 'starting'];
export const ANY: readonly RowState[] = [...STARTABLE, ...STOPPABLE];
