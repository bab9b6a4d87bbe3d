import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../contract/failures.ts';

/** An asynchronous message of QEMU, such as `STOP` or `POWERDOWN` (QMP spec, section 2.5). */
export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Why a QMP exchange ended. `unavailable`: no process serves the socket. `failed`:
 * one does but breaks the protocol, refuses a command or does not answer in time.
 */
export class QmpError extends Error {
  readonly reason: 'unavailable' | 'failed';
  constructor(reason: 'unavailable' | 'failed', message: string) {
    super(message);
    this.name = 'QmpError';
    this.reason = reason;
  }
}

export interface QmpConnectOptions {
  /** For the greeting and for each reply. QEMU answers in a few milliseconds; a stopped process never does. */
  readonly timeoutMs?: number;
  /** For the greeting alone: a QEMU that is just starting takes connections before it answers them. */
  readonly greetingTimeoutMs?: number;
  /** Ends the attempt to connect; a session that stands is not its business any more. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: QmpEvent) => void;
}

const DEFAULT_TIMEOUT_MS = 2000;
/** A newly started QEMU makes its socket after 20 to 40 ms; looking costs nothing. */
const CONNECT_RETRY_MS = 5;
/** QMP replies are short. More without a line end is not QMP. */
const MAX_LINE_BYTES = 1 << 20;

interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: QmpError) => void;
}

/** One QMP session: greeting, `qmp_capabilities`, then commands one after another. */
export class QmpClient {
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  readonly #onEvent: (event: QmpEvent) => void;
  readonly #waiters = new Map<number, Waiter>();
  readonly #closed: Promise<void>;
  #greeting: Waiter | undefined;
  #rest = '';
  #nextId = 1;
  #failure: QmpError | undefined;

  private constructor(socket: Socket, options: QmpConnectOptions) {
    this.#socket = socket;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#onEvent = options.onEvent ?? (() => undefined);
    socket.setEncoding('utf8');
    socket.on('data', (text) => this.#receive(String(text)));
    socket.on('error', (error) => this.#fail(new QmpError('unavailable', error.message)));
    this.#closed = new Promise((done) => {
      socket.on('close', () => {
        this.#fail(new QmpError('unavailable', 'QEMU closed the connection'));
        done();
      });
    });
  }

  /** Connects to a socket that exists, and negotiates. Fails with QmpError only. */
  static async connect(path: string, options: QmpConnectOptions = {}): Promise<QmpClient> {
    const client = new QmpClient(await openSocket(path), options);
    const abort = () => client.close();
    options.signal?.addEventListener('abort', abort, { once: true });
    try {
      if (options.signal?.aborted) abort();
      const greeted = (waiter: Waiter) => {
        client.#greeting = waiter;
      };
      await client.#await('the greeting', greeted, options.greetingTimeoutMs);
      await client.execute('qmp_capabilities');
      return client;
    } catch (error) {
      client.close();
      throw error;
    } finally {
      options.signal?.removeEventListener('abort', abort);
    }
  }

  /** Connects as soon as the socket of a newly started QEMU appears; gives up when `signal` aborts. */
  static async connectWhenListening(
    path: string,
    options: QmpConnectOptions & { signal: AbortSignal },
  ): Promise<QmpClient> {
    for (;;) {
      try {
        return await QmpClient.connect(path, options);
      } catch (error) {
        if (!(error instanceof QmpError) || error.reason === 'failed' || options.signal.aborted) throw error;
        await delay(CONNECT_RETRY_MS);
      }
    }
  }

  /** Resolves when the session is over, whichever side ended it. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** The `return` value of a command. */
  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    const id = this.#nextId++;
    return this.#await(command, (waiter) => {
      this.#waiters.set(id, waiter);
      this.#socket.write(`${JSON.stringify({ execute: command, id, ...(args ? { arguments: args } : {}) })}\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #await(what: string, register: (waiter: Waiter) => void, timeoutMs = this.#timeoutMs): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      const timer = setTimeout(
        () => reject(new QmpError('failed', `no answer to ${what} within ${timeoutMs} ms`)),
        timeoutMs,
      );
      register({
        resolve: (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
    });
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.trim() !== '') this.#dispatch(line);
    }
    if (this.#rest.length > MAX_LINE_BYTES) this.#fail(new QmpError('failed', 'a QMP line never ends'));
  }

  #dispatch(line: string): void {
    const message = parseMessage(line);
    if (message === undefined) {
      this.#fail(new QmpError('failed', 'the socket does not speak QMP'));
    } else if ('QMP' in message) {
      this.#greeting?.resolve(message);
    } else if (typeof message.event === 'string') {
      this.#onEvent({ event: message.event, data: asObject(message.data) ?? {} });
    } else {
      this.#settle(message);
    }
  }

  /** Replies carry the id of their command, except an error on input that QEMU could not parse. */
  #settle(message: Readonly<Record<string, unknown>>): void {
    const id = typeof message.id === 'number' ? message.id : [...this.#waiters.keys()][0];
    const waiter = id === undefined ? undefined : this.#waiters.get(id);
    if (id === undefined || waiter === undefined) return;
    this.#waiters.delete(id);
    if ('error' in message) {
      waiter.reject(new QmpError('failed', String(asObject(message.error)?.desc ?? 'QEMU refused the command')));
    } else {
      waiter.resolve(message.return);
    }
  }

  #fail(error: QmpError): void {
    this.#failure ??= error;
    this.#greeting?.reject(error);
    for (const waiter of this.#waiters.values()) waiter.reject(error);
    this.#waiters.clear();
    this.#socket.destroy();
  }
}

function openSocket(path: string): Promise<Socket> {
  return new Promise((done, fail) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      done(socket);
    });
    socket.once('error', (error) => fail(new QmpError('unavailable', messageOf(error))));
  });
}

function parseMessage(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return asObject(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
