import type { BusRequestOptions, BusRequestOutcome } from '../contract/bus.ts';
import { busCall, openBus } from './broker/openBus.ts';
import type { Operation } from './run.ts';

/** Asks on the bus, and waits for the first reply. Fails with `bus-failed` when there is none. */
export const busRequest: Operation<BusRequestOptions, BusRequestOutcome> = async (options, run) => {
  const { topic, payload, timeoutMs } = options;
  const { bus, to, diagnostics } = await openBus(options, run);
  const cancel = () => void bus.close();
  run.signal.addEventListener('abort', cancel, { once: true });
  try {
    const reply = await busCall(run, () => bus.request(topic, payload, { timeoutMs, ...(to ? { to } : {}) }));
    return { value: { topic, ...reply }, diagnostics };
  } finally {
    run.signal.removeEventListener('abort', cancel);
    await bus.close();
  }
};
