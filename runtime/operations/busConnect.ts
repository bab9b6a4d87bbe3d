import type { BusClient } from '../broker/client/busClient.ts';
import type { ProjectOptions } from '../contract/project.ts';
import { openBus } from './broker/openBus.ts';
import type { Operation } from './run.ts';

/** A connection to the project's bus, as the host. It is the caller's: `await using`, or `close()`. */
export const busConnect: Operation<ProjectOptions, BusClient> = async (options, run) => {
  const { bus, diagnostics } = await openBus(options, run);
  return { value: bus, diagnostics };
};
