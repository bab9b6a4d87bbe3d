import { isPattern, isTopic } from './subjects.ts';

/** What a session says. `payload` is JSON as it was written, on one line. */
export type ClientFrame =
  | Publish
  | {
      readonly type: 'request';
      /** The sender's own name for it, which comes back with the reply. */
      readonly id: string;
      readonly topic: string;
      readonly payload: string;
      readonly timeoutMs: number;
      readonly to?: string;
    }
  | {
      readonly type: 'subscribe';
      readonly topic: string;
      /** Replay what was recorded after this sequence number. */
      readonly since?: number;
      /** At least once: what is not acknowledged under this name comes again. */
      readonly durable?: string;
    }
  | { readonly type: 'unsubscribe'; readonly topic: string }
  /** Everything up to `seq` was dealt with. */
  | { readonly type: 'ack'; readonly durable: string; readonly seq: number }
  | { readonly type: 'heartbeat' }
  | { readonly type: 'bye' }
  | { readonly type: 'stats' }
  | { readonly type: 'unknown'; readonly name: string };

export interface Publish {
  readonly type: 'publish';
  readonly topic: string;
  /** The sender wrote the topic, so the acknowledgement repeats it. */
  readonly hasTopic: boolean;
  readonly payload: string;
  /** Only to this VM's sessions, or `host`'s. */
  readonly to?: string;
  /** False: the sender wants no acknowledgement. */
  readonly ack: boolean;
  /** Acknowledge only what is on the disk. */
  readonly durable: boolean;
  /** Comes back with the acknowledgement: several programs of a guest share one session. */
  readonly id?: string;
}

export type ParsedFrame =
  | { readonly kind: 'frame'; readonly frame: ClientFrame }
  /** The frame is understood and not possible: the session continues. */
  | { readonly kind: 'refused'; readonly type: string; readonly topic?: string; readonly reason: string }
  /** Not JSON, or no object: with lengths before frames the stream is lost. */
  | { readonly kind: 'broken'; readonly reason: string };

/** Where a publish without a topic goes. */
const DEFAULT_TOPIC = 'broadcast';
const DEFAULT_REQUEST_MS = 5_000;
const MAX_REQUEST_MS = 10 * 60_000;
const MAX_ID_LENGTH = 64;

export function parseClientFrame(text: string): ParsedFrame {
  return quickPublish(text) ?? parseWhole(text);
}

/** As Castra's own clients write most of them: only the payload is parsed, to prove that it is JSON. */
const QUICK = '{"type":"publish","ack":false,"topic":"';
const BEFORE_PAYLOAD = '","payload":';

function quickPublish(text: string): ParsedFrame | undefined {
  if (!text.startsWith(QUICK) || !text.endsWith('}') || text.includes('\n')) return undefined;
  const end = text.indexOf('"', QUICK.length);
  if (!text.startsWith(BEFORE_PAYLOAD, end)) return undefined;
  const topic = text.slice(QUICK.length, end);
  const payload = text.slice(end + BEFORE_PAYLOAD.length, -1);
  if (!isKnownTopic(topic) || !isJson(payload)) return undefined;
  return { kind: 'frame', frame: { type: 'publish', topic, hasTopic: true, payload, ack: false, durable: false } };
}

/** Most messages go to a few topics, which need not be judged each time. */
const known = new Set<string>();
const MAX_KNOWN = 10_000;

function isKnownTopic(topic: string): boolean {
  if (known.has(topic)) return true;
  if (!isTopic(topic)) return false;
  if (known.size >= MAX_KNOWN) known.clear();
  known.add(topic);
  return true;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function parseWhole(text: string): ParsedFrame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { kind: 'broken', reason: `invalid JSON: ${error instanceof Error ? error.message : error}` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { kind: 'broken', reason: 'a frame is a JSON object' };
  const fields = value as Record<string, unknown>;
  if (typeof fields.type !== 'string') return { kind: 'broken', reason: 'a frame has a `type`' };
  return interpret(fields.type, fields);
}

type Fields = Readonly<Record<string, unknown>>;

function interpret(type: string, fields: Fields): ParsedFrame {
  switch (type) {
    case 'publish':
      return publish(fields);
    case 'request':
      return request(fields);
    case 'subscribe':
      return subscribe(fields);
    case 'unsubscribe': {
      const topic = textOf(fields.topic)?.trim();
      return topic ? frame({ type, topic }) : refused(type, 'missing topic');
    }
    case 'ack': {
      const { durable, seq } = fields;
      if (!isName(durable) || !isCount(seq)) return refused(type, '`ack` needs `durable` and `seq`');
      return frame({ type, durable, seq });
    }
    case 'heartbeat':
    case 'bye':
    case 'stats':
      return frame({ type });
    default:
      return frame({ type: 'unknown', name: type.slice(0, MAX_ID_LENGTH) });
  }
}

function publish(fields: Fields): ParsedFrame {
  const hasTopic = fields.topic !== undefined && fields.topic !== null;
  const topic = hasTopic ? textOf(fields.topic) : DEFAULT_TOPIC;
  if (topic === undefined || !isTopic(topic)) return refused('publish', 'invalid topic', topic);
  const { to, id } = fields;
  if (to !== undefined && !isName(to)) return refused('publish', 'invalid `to`', topic);
  return frame({
    type: 'publish',
    topic,
    hasTopic,
    payload: JSON.stringify(fields.payload ?? null),
    ack: fields.ack !== false,
    durable: fields.durable === true,
    ...(to === undefined ? {} : { to }),
    ...(isName(id) ? { id } : {}),
  });
}

function request(fields: Fields): ParsedFrame {
  const { id, to, timeout_ms: timeout = DEFAULT_REQUEST_MS } = fields;
  const topic = textOf(fields.topic);
  if (!isName(id)) return refused('request', '`request` needs an `id`', topic);
  if (topic === undefined || !isTopic(topic)) return refused('request', 'invalid topic', topic);
  if (!isCount(timeout) || timeout === 0 || timeout > MAX_REQUEST_MS)
    return refused('request', `\`timeout_ms\` is 1 to ${MAX_REQUEST_MS}`, topic);
  if (to !== undefined && !isName(to)) return refused('request', 'invalid `to`', topic);
  const payload = JSON.stringify(fields.payload ?? null);
  return frame({ type: 'request', id, topic, payload, timeoutMs: timeout, ...(to === undefined ? {} : { to }) });
}

function subscribe(fields: Fields): ParsedFrame {
  const { since, durable } = fields;
  const topic = textOf(fields.topic)?.trim();
  if (!topic) return refused('subscribe', 'missing topic');
  if (!isPattern(topic)) return refused('subscribe', 'invalid topic', topic);
  if (since !== undefined && !isCount(since)) return refused('subscribe', '`since` is a sequence number', topic);
  if (durable !== undefined && !isName(durable)) return refused('subscribe', 'invalid `durable`', topic);
  return frame({
    type: 'subscribe',
    topic,
    ...(since === undefined ? {} : { since }),
    ...(durable === undefined ? {} : { durable }),
  });
}

const frame = (one: ClientFrame): ParsedFrame => ({ kind: 'frame', frame: one });

function refused(type: string, reason: string, topic?: string): ParsedFrame {
  return { kind: 'refused', type, reason, ...(topic === undefined ? {} : { topic: topic.slice(0, 256) }) };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Names of VMs, requests and durable subscriptions: they become part of files and logs. */
const isName = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= MAX_ID_LENGTH && /^[\w.:-]+$/.test(value);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
