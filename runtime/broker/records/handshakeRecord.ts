import { listOf, number, object, optional, text } from '../../state/decode.ts';
import { readJsonIfAny } from '../../state/files.ts';
import { vmFiles } from '../../state/layout.ts';

/** What is known of a guest's bus, in `handshakes/<vm>.json`. Times are seconds since 1970. */
export interface HandshakeRecord {
  readonly vm: string;
  /** When it said hello. */
  readonly timestamp: number;
  /** The launch in which it did: of another one it proves nothing, whatever the clocks say. */
  readonly launch?: string | undefined;
  /** Which broker it said hello to, by its start token: of one that was killed, no session is left. */
  readonly broker?: string | undefined;
  readonly transport?: string | undefined;
  readonly capabilities?: readonly string[] | undefined;
  readonly bus?: BusRecord | undefined;
}

interface BusRecord {
  readonly protocol?: string | undefined;
  readonly subscribed_topics?: readonly string[] | undefined;
  readonly last_publish_ts?: number | undefined;
  readonly last_heartbeat_ts?: number | undefined;
  readonly last_subscribe_ts?: number | undefined;
}

const isHandshake = object<HandshakeRecord>({
  vm: text,
  timestamp: number,
  launch: optional(text),
  broker: optional(text),
  transport: optional(text),
  capabilities: optional(listOf(text)),
  bus: optional(
    object<BusRecord>({
      protocol: optional(text),
      subscribed_topics: optional(listOf(text)),
      last_publish_ts: optional(number),
      last_heartbeat_ts: optional(number),
      last_subscribe_ts: optional(number),
    }),
  ),
});

export function readHandshake(stateRoot: string, vm: string): HandshakeRecord | undefined {
  const value = readJsonIfAny(vmFiles(stateRoot, vm).handshake);
  return isHandshake(value) && value.vm === vm ? value : undefined;
}
