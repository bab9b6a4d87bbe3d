import type { Operations } from '../cli/commandsOfProjects.ts';
import type { Consoles } from '../console/serialTerminal.ts';
import type { FleetStore } from '../fleet/store.ts';
import type { Host } from '../host.ts';
import type { LogChannels } from '../logs/logs.ts';

/** What commands work with. */
export interface CommandParts {
  readonly host: Host;
  readonly fleet: FleetStore;
  readonly operations: Operations;
  readonly logs: LogChannels;
  readonly consoles: Consoles;
  readonly restartServer: () => Promise<void>;
  readonly installCommand: () => Promise<void>;
}

/** What VS Code hands over: a row or a code lens's VMs, and all selected rows. From the palette, nothing. */
export type Handler = (argument: unknown, more: unknown) => unknown;
