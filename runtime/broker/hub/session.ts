import type { Framing } from '../protocol/frames.ts';
import type { QueueSize } from '../settings.ts';
import { Outbox, type Sink } from './outbox.ts';

export interface SessionOrigin {
  readonly id: string;
  /** A VM's name, or `host`. */
  readonly name: string;
  readonly kind: 'guest' | 'host';
  readonly framing: Framing;
  /** How it came: `ip:port`, or `virtio`. */
  readonly remote: string;
  /** By `performance.now()`, which a clock that is set does not change. */
  readonly now: number;
}

/** Why a session ended, as bus-events.jsonl has it; `closed` and `replaced` are in order. */
export type SessionEnd =
  | 'closed'
  | 'replaced'
  | 'stopped'
  | 'slow_consumer'
  | 'io_error'
  | 'protocol_error'
  | 'heartbeat_timeout';

/** One guest or program that said hello. */
export class Session {
  readonly id: string;
  readonly name: string;
  readonly kind: 'guest' | 'host';
  readonly framing: Framing;
  readonly remote: string;
  readonly outbox: Outbox;
  /** Patterns, in the order of the names. */
  readonly topics = new Set<string>();
  readonly durables = new Map<string, string>();
  /** Ids of requests that wait for a reply. */
  readonly requests = new Map<string, string>();
  lastFrameAt: number;
  published = 0;
  delivered = 0;
  /** Said only once for a session, or a flood would fill the log. */
  readonly told = new Set<string>();
  /** For the limit of publishes: how many are left of this second, and when it began. */
  rate = { left: 0, since: Number.NEGATIVE_INFINITY };

  constructor(origin: SessionOrigin, sink: Sink, limits: QueueSize) {
    this.id = origin.id;
    this.name = origin.name;
    this.kind = origin.kind;
    this.framing = origin.framing;
    this.remote = origin.remote;
    this.lastFrameAt = origin.now;
    this.outbox = new Outbox(sink, origin.framing, limits);
  }

  send(json: string): void {
    this.outbox.push({ json, isMessage: false });
  }

  /** Whether one more publish is allowed now; `perSecond` 0 allows all. */
  mayPublish(perSecond: number): boolean {
    if (perSecond === 0) return true;
    const now = performance.now();
    if (now - this.rate.since >= 1000) this.rate = { left: perSecond, since: now };
    this.rate.left -= 1;
    return this.rate.left >= 0;
  }
}
