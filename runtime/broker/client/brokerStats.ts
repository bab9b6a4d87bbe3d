import type { BusSession } from '../../contract/bus.ts';

/** The broker's answer to `stats`, as it comes over the wire (hub/stats.ts). */
export interface BrokerStats {
  readonly delivered: number;
  readonly dropped: number;
  readonly published: number;
  /** Bytes of memory that the broker uses. */
  readonly rss: number;
  /** Milliseconds since 1970. */
  readonly started_at: number;
  readonly sessions: readonly (BusSession & { readonly id: string })[];
}
