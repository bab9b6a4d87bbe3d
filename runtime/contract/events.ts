import type { BootstrapEvent } from './bootstrap.ts';
import type { BrokerEvent } from './broker.ts';
import type { BusMessageEvent } from './bus.ts';
import type { CleanupEvent } from './clean.ts';
import type { Diagnostic } from './diagnostics.ts';
import type { ExportEvent } from './disks.ts';
import type { ImageEvent } from './images.ts';
import type { LogEvent } from './logs.ts';
import type { ExecEvent } from './ssh.ts';
import type { VmEvent } from './vms.ts';
import type { Severity } from './vocabulary.ts';

/**
 * Everything an operation reports while it runs: past tense, dotted, tagged by `type`.
 *
 * Readers ignore types they do not know; fields are only ever added (see stream.ts). Times are milliseconds.
 */
export type Event =
  /** Told as soon as it is found, so that it is not lost when the operation fails later. */
  | { readonly type: 'diagnostic'; readonly diagnostic: Diagnostic }
  | { readonly type: 'message'; readonly severity: Severity; readonly text: string }
  | ImageEvent
  | BrokerEvent
  | BusMessageEvent
  | CleanupEvent
  | LogEvent
  | VmEvent
  | ExecEvent
  | BootstrapEvent
  | ExportEvent;

export type EventType = Event['type'];

export type EventOf<T extends EventType> = Extract<Event, { readonly type: T }>;
