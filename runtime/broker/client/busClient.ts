import { createConnection, type Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import type { BrokerStats } from './brokerStats.ts';
import { checkPattern, checkSize, checkTopic, checkVm, quote } from './check.ts';
import { type BusMessage, Inbox } from './inbox.ts';
import { BusError, type Incoming, parseIncoming } from './incoming.ts';
import { type BusAddress, sayHello } from './sayHello.ts';

export interface PublishOptions {
  /** Wait until the broker has it (the default); false sends on, and only waits while the socket is full. */
  readonly ack?: boolean;
  /** Wait until it is on the disk. */
  readonly durable?: boolean;
  /** Only to this VM. */
  readonly to?: string;
}

export interface SubscribeOptions {
  /** First what was recorded after this sequence number. */
  readonly since?: number;
  /**
   * At least once: a message counts as done when the next one is asked for. What was not comes again to the next
   * subscription of this name.
   */
  readonly durable?: string;
  readonly signal?: AbortSignal;
}

export interface RequestOptions {
  readonly timeoutMs?: number;
  readonly to?: string;
}

type Unset<T> = { readonly [Key in keyof T]?: T[Key] | undefined };

interface Waiter {
  readonly done: (frame: Incoming) => void;
  readonly fail: (error: Error) => void;
}

const HEARTBEAT_MS = 25_000;
const DEFAULT_REQUEST_MS = 5_000;
/** What a publish that waits for nothing returns. */
const SENT = Promise.resolve();
/** A reply that the broker should have refused by then. */
const REQUEST_GRACE_MS = 2_000;

/**
 * A program's connection to the broker of a project, as the host. It does not connect again by itself: when the broker
 * ends, iterators and waiting calls fail with `BusError`.
 */
export class BusClient implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #decoder = new StringDecoder('utf8');
  readonly #inboxes = new Set<Inbox>();
  readonly #requests = new Map<string, Waiter>();
  /**
   * By the id of what is acknowledged: what has to be on the disk first is acknowledged later than what was sent after it.
   * Subscriptions have none, and are answered in their order for each topic.
   */
  readonly #acks = new Map<string, Waiter[]>();
  /** Messages that came faster than loops of this program took them: of each subscription 50,000 wait. */
  dropped = 0;
  #outgoing: string[] = [];
  #rest = '';
  #counter = 0;
  #ended: BusError | undefined;
  #draining: Promise<void> | undefined;
  readonly #heartbeat: NodeJS.Timeout;

  /** Fails with `BusError` when nothing answers, or the token is not the one of this broker. */
  static async connect(address: BusAddress, signal?: AbortSignal): Promise<BusClient> {
    const socket = createConnection({ port: address.port, host: '127.0.0.1', noDelay: true });
    const rest = await sayHello(socket, address, signal);
    return new BusClient(socket, rest);
  }

  private constructor(socket: Socket, rest: string) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(this.#decoder.write(chunk)));
    socket.on('error', (error) =>
      this.#end(new BusError('lost', `the connection to the broker failed: ${error.message}`)),
    );
    socket.on('close', () => this.#end(new BusError('lost', 'the broker closed the connection')));
    this.#heartbeat = setInterval(() => this.#send('{"type":"heartbeat"}'), HEARTBEAT_MS);
    this.#heartbeat.unref();
    this.#take(rest);
    socket.resume();
  }

  /** Fails with `BusError` `refused`: not a topic, not a VM, too long, or the broker's reason. */
  publish(topic: string, payload: unknown, options: PublishOptions = {}): Promise<void> {
    const body = JSON.stringify(payload ?? null);
    const { ack = true, durable, to } = options;
    if (ack || durable) return this.#publishSurely(topic, body, { durable, to });
    try {
      checkVm(to);
      // In this order, the broker need not parse the frame to route it (clientFrames.ts).
      const address = to === undefined ? '' : `"to":"${to}",`;
      this.#send(`{"type":"publish","ack":false,${address}"topic":${quote(topic)},"payload":${body}}`);
      return this.#socket.writableNeedDrain ? this.#drained() : SENT;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #publishSurely(topic: string, body: string, { durable, to }: Unset<PublishOptions>): Promise<void> {
    checkTopic(topic);
    checkVm(to);
    const id = this.#newId();
    const frame = `{"type":"publish",${JSON.stringify({ durable, id, to, topic }).slice(1, -1)},"payload":${body}}`;
    checkSize(frame);
    const answer = this.#acknowledged(id);
    this.#send(frame);
    expectOk(await answer);
  }

  /**
   * Resolves when the broker has the subscription, with the messages as they come: until the loop over them ends,
   * `signal` aborts, or the broker is gone.
   */
  async subscribe(
    topic: string,
    options: SubscribeOptions = {},
  ): Promise<AsyncIterableIterator<BusMessage, void, undefined>> {
    const { since, durable } = options;
    checkPattern(topic);
    const inbox = new Inbox(topic, durable, () => {
      this.dropped += 1;
    });
    this.#inboxes.add(inbox);
    try {
      const answer = this.#acknowledged(`subscribe ${topic}`);
      this.#send(JSON.stringify({ type: 'subscribe', topic, since, durable }));
      expectOk(await answer);
    } catch (error) {
      this.#inboxes.delete(inbox);
      throw error;
    }
    return this.#messages(inbox, options);
  }

  #messages(inbox: Inbox, { durable, signal }: SubscribeOptions): AsyncIterableIterator<BusMessage, void, undefined> {
    return inbox.messages({
      signal,
      onDone: ({ seq }) => {
        if (durable !== undefined && !this.#ended) this.#send(JSON.stringify({ type: 'ack', durable, seq }));
      },
      onEnd: () => {
        this.#inboxes.delete(inbox);
        // A durable one stays: what it misses from now on is what it is for.
        if (durable === undefined && !this.#isWanted(inbox.topic) && !this.#ended) this.#unsubscribe(inbox.topic);
      },
    });
  }

  #unsubscribe(topic: string): void {
    this.#send(JSON.stringify({ type: 'unsubscribe', topic }));
  }

  /** The payload of the first reply. Fails with `BusError` `no-reply` when there is none in time, or no subscriber. */
  async request(topic: string, payload: unknown, options: RequestOptions = {}): Promise<BusReply> {
    const { timeoutMs = DEFAULT_REQUEST_MS, to } = options;
    checkTopic(topic);
    checkVm(to);
    const id = this.#newId();
    const answer = new Promise<Incoming>((done, fail) => this.#requests.set(id, { done, fail }));
    const frame = JSON.stringify({ type: 'request', id, topic, to, timeout_ms: timeoutMs, payload: payload ?? null });
    const timer = setTimeout(() => {
      this.#requests.get(id)?.fail(new BusError('no-reply', `no reply to ${topic}: timeout`));
    }, timeoutMs + REQUEST_GRACE_MS);
    try {
      this.#send(frame);
      const reply = await answer;
      if (reply.status !== 'ok') throw new BusError('no-reply', `no reply to ${topic}: ${reply.reason ?? 'none came'}`);
      return { from: String(reply.from), payload: reply.payload };
    } finally {
      clearTimeout(timer);
      this.#requests.delete(id);
    }
  }

  /** Answers a request. */
  reply({ inbox }: BusMessage, payload: unknown): void {
    if (inbox !== undefined)
      this.#send(`{"type":"publish","ack":false,"topic":"${inbox}","payload":${JSON.stringify(payload ?? null)}}`);
  }

  /** What the broker counts: sessions, messages, drops. */
  async stats(): Promise<BrokerStats> {
    const answer = this.#acknowledged('stats');
    this.#send('{"type":"stats"}');
    return (await answer) as unknown as BrokerStats;
  }

  /** Writes what was published, and ends. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#send('{"type":"bye"}');
    this.#flush();
    await new Promise<void>((done) => {
      this.#socket.once('close', () => done());
      this.#socket.end();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #newId(): string {
    this.#counter += 1;
    return `c${this.#counter}`;
  }

  #isWanted(topic: string): boolean {
    return [...this.#inboxes].some((inbox) => inbox.topic === topic);
  }

  #send(frame: string): void {
    if (this.#ended) throw this.#ended;
    checkSize(frame);
    if (this.#outgoing.length === 0) setImmediate(() => this.#flush());
    this.#outgoing.push(frame);
  }

  #flush(): void {
    if (this.#outgoing.length === 0 || this.#ended) return;
    const text = `${this.#outgoing.join('\n')}\n`;
    this.#outgoing = [];
    this.#socket.write(text);
  }

  /** One wait for all callers: each with listeners of its own would be thousands. */
  #drained(): Promise<void> {
    this.#draining ??= new Promise((done, fail) => {
      const over = () => {
        this.#socket.off('drain', over).off('close', over);
        this.#draining = undefined;
        if (this.#ended) fail(this.#ended);
        else done();
      };
      this.#socket.once('drain', over).once('close', over);
    });
    return this.#draining;
  }

  #acknowledged(key: string): Promise<Incoming> {
    return new Promise((done, fail) => {
      const waiters = this.#acks.get(key);
      if (waiters) waiters.push({ done, fail });
      else this.#acks.set(key, [{ done, fail }]);
    });
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const frame = parseIncoming(line);
      if (frame) this.#receive(frame);
    }
  }

  #receive(frame: Incoming): void {
    switch (frame.type) {
      case 'message':
        for (const inbox of this.#inboxes) inbox.offer(frame as unknown as BusMessage & { durable?: string });
        break;
      case 'reply':
        this.#requests.get(String(frame.id))?.done(frame);
        break;
      case 'ack':
        this.#conclude(frame.id ?? `${frame.ack} ${frame.topic}`, frame);
        break;
      case 'stats':
        this.#conclude('stats', frame);
        break;
      case 'bye':
        this.#end(new BusError('lost', `the broker ended the session: ${frame.reason}`));
    }
  }

  #conclude(key: string, frame: Incoming): void {
    const waiters = this.#acks.get(key);
    waiters?.shift()?.done(frame);
    if (waiters?.length === 0) this.#acks.delete(key);
  }

  #end(error: BusError): void {
    if (this.#ended) return;
    this.#ended = error;
    clearInterval(this.#heartbeat);
    for (const inbox of this.#inboxes) inbox.end(error);
    for (const { fail } of [...this.#requests.values(), ...[...this.#acks.values()].flat()]) fail(error);
    this.#socket.destroySoon();
  }
}

export interface BusReply {
  readonly from: string;
  readonly payload: unknown;
}

function expectOk({ status, reason }: Incoming): void {
  if (status !== 'ok') throw new BusError('refused', `the broker refused it: ${reason ?? 'no reason given'}`);
}
