import { messageOf } from '../../contract/failures.ts';
import {
  type Ack,
  ackFrame,
  errorFrame,
  type Message,
  messageFrame,
  noReplyFrame,
  replyFrame,
} from '../protocol/brokerFrames.ts';
import type { ClientFrame, Publish } from '../protocol/clientFrames.ts';
import type { Cursors } from '../records/cursors.ts';
import type { Journal } from '../records/journal.ts';
import { type BrokerSettings, MAX_REQUESTS } from '../settings.ts';
import { INBOX, publishObstacle } from './access.ts';
import { Requests } from './requests.ts';
import type { Session, SessionEnd } from './session.ts';
import { limitOf, type Subscribe, Subscriptions } from './subscriptions.ts';

export interface HubContext {
  readonly settings: Pick<BrokerSettings, 'publishRate' | 'slowConsumer'>;
  readonly journal: Journal | undefined;
  readonly cursors: Cursors;
  /** Ends a session from the broker's side. */
  readonly end: (session: Session, end: SessionEnd, detail?: string) => void;
  /** The topics or times of a session changed, for its record. */
  readonly changed: (session: Session, what: 'publish' | 'subscribe' | 'heartbeat') => void;
  /** A limit was met. */
  readonly limited: (session: Session, reason: 'queue_full' | 'slow_consumer' | 'rate', detail: string) => void;
  readonly warn: (text: string) => void;
}

/** What the hub deals with; the rest is about the connection or the whole broker. */
export type BusFrame = Exclude<ClientFrame, { type: 'bye' | 'stats' }>;

interface PendingAck {
  readonly session: Session;
  readonly ack: Ack;
  /** Only after what is acknowledged is on the disk itself. */
  readonly isDurable: boolean;
}

/** A session that sends nonsense is not worth more lines of the log. */
const MAX_UNKNOWN = 16;

/** Routes messages between sessions. All that comes in one turn of the event loop is recorded and sent in one go. */
export class Hub {
  readonly #context: HubContext;
  readonly #subscriptions: Subscriptions;
  readonly #requests = new Requests((session, json) => this.send(session, json));
  readonly #dirty = new Set<Session>();
  #acks: PendingAck[] = [];
  #isScheduled = false;
  #seq: number;
  readonly totals = { published: 0, delivered: 0, dropped: 0 };

  constructor(context: HubContext) {
    const { journal, cursors } = context;
    this.#context = context;
    this.#subscriptions = new Subscriptions(journal, cursors);
    this.#seq = Math.max(journal?.lastSeq ?? 0, cursors.lastSeq);
  }

  handle(session: Session, frame: BusFrame): void {
    switch (frame.type) {
      case 'publish':
        this.#publish(session, frame);
        break;
      case 'request':
        this.#request(session, frame);
        break;
      case 'subscribe':
        this.#subscribe(session, frame);
        break;
      case 'unsubscribe':
        this.#subscriptions.remove(session, frame.topic);
        this.#context.changed(session, 'subscribe');
        this.answer(session, { ack: 'unsubscribe', topic: frame.topic });
        break;
      case 'ack':
        this.#acknowledge(session, frame.durable, frame.seq);
        break;
      case 'heartbeat':
        this.#context.changed(session, 'heartbeat');
        this.answer(session, { ack: 'heartbeat' });
        break;
      case 'unknown':
        this.#unknown(session, frame.name);
    }
  }

  answer(session: Session, ack: Ack): void {
    this.send(session, ackFrame(ack));
  }

  send(session: Session, json: string): void {
    session.send(json);
    this.#touch(session);
  }

  forget(session: Session): void {
    this.#subscriptions.forget(session);
    this.#requests.forget(session);
    this.#dirty.delete(session);
    this.totals.dropped += session.outbox.dropped;
  }

  /** The session's socket takes bytes again. */
  drained(session: Session): void {
    session.outbox.drained();
    if (this.#subscriptions.behind.includes(session)) this.#touch(session);
  }

  /** Records and writes everything now. */
  flush(): void {
    this.#isScheduled = false;
    const acks = this.#acks;
    this.#acks = [];
    const trouble = this.#commit();
    if (trouble === undefined) for (const session of this.#subscriptions.pump()) this.#dirty.add(session);
    const isLater = ({ isDurable }: PendingAck) => isDurable && trouble === undefined;
    for (const pending of acks) if (!isLater(pending)) this.#conclude(pending, trouble);
    const later = acks.filter(isLater);
    if (later.length > 0) void this.#sync(later);
    for (const session of this.#dirty) session.outbox.flush();
    this.#dirty.clear();
    for (const session of this.#subscriptions.behind) this.#touch(session);
  }

  async #sync(acks: readonly PendingAck[]): Promise<void> {
    const trouble = await this.#context.journal?.sync().then(() => undefined, messageOf);
    for (const pending of acks) this.#conclude(pending, trouble);
  }

  #conclude({ session, ack }: PendingAck, trouble: string | undefined): void {
    this.answer(session, trouble === undefined ? ack : { ...ack, reason: `not recorded: ${trouble}` });
  }

  /** What the system says when it cannot. */
  #commit(): string | undefined {
    try {
      this.#context.journal?.commit();
      return undefined;
    } catch (error) {
      this.#context.warn(`messages could not be recorded: ${messageOf(error)}`);
      return messageOf(error);
    }
  }

  #publish(session: Session, frame: Publish): void {
    const ack = { ack: 'publish', id: frame.id, topic: frame.hasTopic ? frame.topic : undefined };
    const reason = this.#obstacle(session, frame);
    if (reason !== undefined) {
      this.answer(session, { ...ack, reason });
      return;
    }
    this.#context.changed(session, 'publish');
    session.published += 1;
    if (frame.topic.startsWith(`${INBOX}.`)) {
      this.#reply(session, frame);
      return;
    }
    const message = this.#message(session.name, frame);
    this.#route(message, frame.to);
    const { durable: isDurable } = frame;
    if (frame.ack) this.#acks.push({ session, ack: isDurable ? { ...ack, seq: message.seq } : ack, isDurable });
    this.#schedule();
  }

  #obstacle(session: Session, { topic, durable }: { topic: string; durable?: boolean }): string | undefined {
    if (durable && this.#context.journal === undefined) return 'nothing is recorded: `[broker] journal` is off';
    const { publishRate } = this.#context.settings;
    if (!session.mayPublish(publishRate)) {
      this.#context.limited(session, 'rate', `publish_rate=${publishRate}`);
      return `more than ${publishRate} messages per second`;
    }
    return publishObstacle(session, topic);
  }

  #message(from: string, { topic, payload }: Pick<Message, 'topic' | 'payload'>, inbox?: string): Message {
    this.#seq += 1;
    this.totals.published += 1;
    const message = { seq: this.#seq, from, time: Date.now(), topic, payload };
    return inbox === undefined ? message : { ...message, inbox };
  }

  /** To all who subscribed, and into the journal. Returns how many got it. */
  #route(message: Message, to?: string): number {
    this.#context.journal?.append(message);
    const frame = { json: messageFrame(message), isMessage: true };
    let reached = 0;
    for (const session of this.#subscriptions.listeners(message.topic, to)) {
      session.outbox.push(frame);
      session.delivered += 1;
      reached += 1;
      if (session.outbox.isFull) this.#tooSlow(session);
      this.#dirty.add(session);
    }
    if (to === undefined) reached += this.#routeDurable(message);
    this.totals.delivered += reached;
    return reached;
  }

  #routeDurable(message: Message): number {
    const replays = this.#subscriptions.durables(message.topic);
    for (const replay of replays) {
      replay.deliver(() => ({ json: messageFrame(message, replay.durable), isMessage: false }), message.seq);
      this.#dirty.add(replay.session);
    }
    return replays.length;
  }

  #tooSlow(session: Session): void {
    if (this.#context.settings.slowConsumer === 'drop-oldest') {
      session.outbox.dropOldest();
      this.#context.limited(session, 'slow_consumer', 'action=drop_oldest');
      // Still full: only answers are left, of a session that never reads.
      if (!session.outbox.isFull) return;
    }
    this.#context.end(session, 'slow_consumer', `queued=${session.outbox.length}`);
  }

  #request(session: Session, frame: Extract<ClientFrame, { type: 'request' }>): void {
    const { id, timeoutMs, to } = frame;
    const reason = this.#requestObstacle(session, id) ?? this.#obstacle(session, frame);
    if (reason !== undefined) {
      this.send(session, noReplyFrame(id, reason));
      return;
    }
    const inbox = this.#requests.newInbox();
    session.published += 1;
    const reached = this.#route(this.#message(session.name, frame, inbox), to);
    if (reached === 0) this.send(session, noReplyFrame(id, 'no subscriber'));
    else this.#requests.wait(session, id, inbox, timeoutMs);
    this.#schedule();
  }

  #requestObstacle({ requests }: Session, id: string): string | undefined {
    if (requests.has(id)) return 'a request with this `id` waits already';
    return requests.size >= MAX_REQUESTS ? `more than ${MAX_REQUESTS} requests wait` : undefined;
  }

  #reply(session: Session, { topic, payload, ack }: Publish): void {
    const isWaited = this.#requests.answer(topic, (id) => replyFrame(id, session.name, payload));
    if (!ack) return;
    this.answer(session, { ack: 'publish', topic, ...(isWaited ? {} : { reason: 'the request is over' }) });
  }

  #subscribe(session: Session, frame: Subscribe): void {
    const { topic } = frame;
    const reason = this.#subscriptions.obstacle(session, frame);
    if (reason !== undefined) {
      const isLimit = session.topics.size >= limitOf(session);
      if (isLimit) this.#context.limited(session, 'queue_full', `subscription_limit=${limitOf(session)}`);
      this.answer(session, { ack: 'subscribe', topic, reason });
      return;
    }
    this.#subscriptions.add(session, frame, this.#seq);
    this.#context.changed(session, 'subscribe');
    this.answer(session, { ack: 'subscribe', topic });
  }

  #acknowledge(session: Session, durable: string, seq: number): void {
    const { cursors } = this.#context;
    const known = cursors.get(session.name, durable);
    if (known === undefined) {
      this.answer(session, { ack: 'ack', reason: `no durable subscription ${durable}` });
      return;
    }
    if (seq > known.seq) cursors.set({ ...known, seq: Math.min(seq, this.#seq) });
    this.#subscriptions.acknowledged(session, durable, seq);
    if (this.#subscriptions.behind.includes(session)) this.#touch(session);
  }

  #unknown(session: Session, name: string): void {
    if (session.told.has(`type ${name}`) || session.told.size >= MAX_UNKNOWN) return;
    session.told.add(`type ${name}`);
    this.#context.warn(`${session.name} sent a frame of unknown type ${JSON.stringify(name)}`);
    // The original is silent, and its clients do not expect an answer.
    if (session.framing === 'lines') this.send(session, errorFrame(`unknown type ${JSON.stringify(name)}`));
  }

  #touch(session: Session): void {
    this.#dirty.add(session);
    if (session.outbox.isFull) this.#tooSlow(session);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.flush());
  }
}
