import { runningBroker } from '../broker/records/brokerRecord.ts';
import type { BusStatsOutcome } from '../contract/bus.ts';
import type { ProjectOptions } from '../contract/project.ts';
import { busCall, openBus } from './broker/openBus.ts';
import type { Operation } from './run.ts';

/** Who is on the bus, and what the broker counted since it started. */
export const busStats: Operation<ProjectOptions, BusStatsOutcome> = async (options, run) => {
  const { bus, stateRoot, diagnostics } = await openBus(options, run);
  try {
    const { published, delivered, dropped, rss, started_at, sessions } = await busCall(run, () => bus.stats());
    const broker = runningBroker(stateRoot);
    const value = {
      ...{ port: broker?.port ?? 0, pid: broker?.pid ?? 0, uptimeMs: Math.max(0, Date.now() - started_at) },
      ...{ memoryBytes: rss, published, delivered, dropped },
      // Without the session of this very question.
      sessions: sessions.filter(
        ({ kind, topics, published: sent }) => kind === 'guest' || topics.length > 0 || sent > 0,
      ),
    };
    return { value, diagnostics };
  } finally {
    await bus.close();
  }
};
