import type { BrokerConfig } from '../contract/broker.ts';
import type { LogLimits } from '../contract/vocabulary.ts';

/** How much the broker of a project takes, and what it does with more. */
export interface BrokerSettings extends Omit<BrokerConfig, 'enabled'> {
  /** Of one session. */
  readonly queue: QueueSize;
  readonly logs: LogLimits;
}

export interface QueueSize {
  readonly bytes: number;
  readonly messages: number;
}

/** A guest that reads at all is never this far behind; 2,000 sessions could hold no more than the host has. */
export const DEFAULT_QUEUE: QueueSize = { bytes: 4 * 1024 * 1024, messages: 20_000 };

/** From a first byte to the end of the hello, however slowly it comes. */
export const HANDSHAKE_MS = 5_000;
/** Without a frame for this long a session is over: agents send a heartbeat every 25 s. */
export const SILENCE_MS = 60_000;
/** How often sessions are looked at, while there are any. */
export const SWEEP_MS = 5_000;
/** Different topics and patterns of one session. */
export const MAX_SUBSCRIPTIONS = 16;
/** A program on this host may watch more. */
export const MAX_HOST_SUBSCRIPTIONS = 256;
/** Requests of one session that wait for a reply. */
export const MAX_REQUESTS = 256;
/** TCP connections at once, and of one VM. */
export const MAX_CONNECTIONS = 2_048;
export const MAX_PER_VM = 16;
