import { join } from 'node:path';
import type { BusPublishOptions, BusPublishOutcome } from '../contract/bus.ts';
import { projectFiles } from '../state/layout.ts';
import { busCall, openBus } from './broker/openBus.ts';
import type { Operation } from './run.ts';

/** Publishes one message as the host, and waits until the broker has recorded it. */
export const busPublish: Operation<BusPublishOptions, BusPublishOutcome> = async (options, run) => {
  const { topic, payload, durable } = options;
  const { bus, stateRoot, to, diagnostics } = await openBus(options, run);
  try {
    await busCall(run, () => bus.publish(topic, payload, { ...(to ? { to } : {}), ...(durable ? { durable } : {}) }));
  } finally {
    await bus.close();
  }
  return { value: { topic, log: join(projectFiles(stateRoot).busLogs, 'bus.log') }, diagnostics };
};
