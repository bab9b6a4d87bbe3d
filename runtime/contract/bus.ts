import type { ProjectOptions } from './project.ts';

export interface BusPublishOptions extends ProjectOptions {
  readonly topic: string;
  readonly payload: unknown;
  /** Only to this VM. */
  readonly to?: string;
  /** Wait until it is on the disk. */
  readonly durable?: boolean;
}

export interface BusPublishOutcome {
  readonly topic: string;
  /** Where it is recorded. */
  readonly log: string;
}

export interface BusRequestOptions extends ProjectOptions {
  readonly topic: string;
  readonly payload: unknown;
  readonly timeoutMs: number;
  readonly to?: string;
}

export interface BusRequestOutcome {
  readonly topic: string;
  readonly from: string;
  readonly payload: unknown;
}

export interface BusTailOptions extends ProjectOptions {
  /** Only what this VM said, or what was addressed to it. */
  readonly vm?: string;
  /** A topic or a pattern; default all. */
  readonly topic?: string;
  /** Recorded messages to begin with. */
  readonly tail: number;
  readonly follow: boolean;
}

export interface BusTailOutcome {
  readonly messages: number;
}

export interface BusStatsOutcome {
  readonly port: number;
  readonly pid: number;
  readonly uptimeMs: number;
  readonly memoryBytes: number;
  readonly published: number;
  readonly delivered: number;
  /** Messages that slow sessions did not get. */
  readonly dropped: number;
  readonly sessions: readonly BusSession[];
}

export interface BusSession {
  readonly name: string;
  readonly kind: 'guest' | 'host';
  /** `virtio`, or the address of a TCP connection. */
  readonly remote: string;
  readonly published: number;
  readonly delivered: number;
  readonly dropped: number;
  /** Messages that wait to be written to it. */
  readonly queued: number;
  readonly topics: readonly string[];
}

/** A message that went over the bus; its payload comes from a guest, and may be anything. */
export interface BusMessageEvent {
  readonly type: 'bus.message';
  readonly seq: number;
  readonly from: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly topic: string;
  readonly payload: unknown;
}
