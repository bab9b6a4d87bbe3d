import type { Session } from './session.ts';

export interface BrokerFacts {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly sessions: readonly Session[];
  readonly totals: { readonly published: number; readonly delivered: number; readonly dropped: number };
}

/** To a guest only what is its own: who else is there is not its business. */
export function statsFrame({ startedAt, sessions, totals }: BrokerFacts, asker: Session): string {
  const shown = asker.kind === 'host' ? sessions : sessions.filter(({ name }) => name === asker.name);
  const dropped = totals.dropped + sessions.reduce((sum, { outbox }) => sum + outbox.dropped, 0);
  return JSON.stringify({
    delivered: totals.delivered,
    dropped,
    published: totals.published,
    rss: process.memoryUsage.rss(),
    sessions: shown.map(sessionStats),
    started_at: startedAt,
    type: 'stats',
  });
}

function sessionStats({ id, name, kind, remote, published, delivered, outbox, topics }: Session): object {
  const { dropped, length: queued } = outbox;
  return { delivered, dropped, id, kind, name, published, queued, remote, topics: [...topics].sort() };
}
