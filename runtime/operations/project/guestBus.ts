import { runningBroker } from '../../broker/records/brokerRecord.ts';
import { readHandshake } from '../../broker/records/handshakeRecord.ts';
import type { BrokerConfig, BrokerStatus, GuestBus } from '../../contract/broker.ts';
import type { LaunchRecord } from '../../state/record.ts';

/** Agents send a heartbeat every 25 s, and one may be late. */
const FRESH_MS = 45_000;

export function brokerStatus(stateRoot: string, config: BrokerConfig | undefined): BrokerStatus {
  const running = runningBroker(stateRoot);
  if (running) return { state: 'running', pid: running.pid, port: running.port };
  return { state: config?.enabled === false ? 'off' : 'stopped' };
}

const tokenOfBroker = (stateRoot: string): string | undefined => runningBroker(stateRoot)?.startToken;

/** What the guest's agent showed in this launch; undefined if nothing. What it said in an earlier one proves nothing. */
export function guestBus(stateRoot: string, { vm, uuid }: LaunchRecord, now = Date.now()): GuestBus | undefined {
  const record = readHandshake(stateRoot, vm);
  if (record === undefined || record.launch !== uuid) return undefined;
  const { timestamp, transport, bus, broker } = record;
  const last = Math.max(timestamp, bus?.last_heartbeat_ts ?? 0, bus?.last_publish_ts ?? 0, bus?.last_subscribe_ts ?? 0);
  // After the clock was set back, what was heard lies in the future: that was a moment ago, as far as one can tell.
  const ageMs = Math.max(0, now - last * 1000);
  return {
    since: timestamp * 1000,
    transport: transport === 'virtio' ? 'virtio' : 'tcp',
    // Of a broker that was killed, a session may be left in the file.
    connected: bus?.last_heartbeat_ts !== undefined && broker !== undefined && tokenOfBroker(stateRoot) === broker,
    ageMs,
    fresh: ageMs <= FRESH_MS,
    topics: bus?.subscribed_topics ?? [],
  };
}
