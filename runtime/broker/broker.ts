import { type FSWatcher, watch } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { messageOf } from '../contract/failures.ts';
import { ensurePrivateDirectory } from '../state/files.ts';
import { projectFiles } from '../state/layout.ts';
import { runningVms } from '../state/liveness.ts';
import { ClockWatch } from './clockWatch.ts';
import { Connection, type Host, type Welcome } from './connection.ts';
import { admit } from './doorkeeper.ts';
import { GuestPorts } from './guestPorts.ts';
import { Hub } from './hub/hub.ts';
import { Session, type SessionEnd } from './hub/session.ts';
import { statsFrame } from './hub/stats.ts';
import { byeFrame, messageFrame } from './protocol/brokerFrames.ts';
import type { ClientFrame } from './protocol/clientFrames.ts';
import { BUS_LINES, type Hello, hasCapability, parseHello } from './protocol/handshake.ts';
import { BrokerLog } from './records/brokerLog.ts';
import { Cursors } from './records/cursors.ts';
import { Journal } from './records/journal.ts';
import { Records } from './records/records.ts';
import { type BrokerSettings, MAX_CONNECTIONS, MAX_PER_VM, SILENCE_MS, SWEEP_MS } from './settings.ts';

/** As many as may wait to be taken: a project's guests all come at once when the broker is started again. */
const BACKLOG = 1024;

/** The broker of one project: a TCP listener on this host alone, the guests' ports, and what is between them. */
export class Broker {
  readonly #stateRoot: string;
  readonly #settings: BrokerSettings;
  readonly #log: BrokerLog;
  readonly #records: Records;
  readonly #journal: Journal | undefined;
  readonly #cursors: Cursors;
  readonly #hub: Hub;
  readonly #ports: GuestPorts;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #sessions = new Map<Session, Connection>();
  readonly #startedAt = Date.now();
  readonly #clock = new ClockWatch();
  #counter = 0;
  #isStopped = false;
  #sweeper: NodeJS.Timeout | undefined;
  #watcher: FSWatcher | undefined;

  constructor(stateRoot: string, settings: BrokerSettings) {
    const files = projectFiles(stateRoot);
    for (const folder of [files.logs, files.busLogs, files.broker]) ensurePrivateDirectory(folder);
    this.#stateRoot = stateRoot;
    this.#settings = settings;
    this.#log = new BrokerLog(files.brokerLog, settings.logs);
    const warn = (text: string) => this.#log.warn(text);
    this.#records = new Records(stateRoot, settings.logs, this.#log);
    this.#journal = settings.journal ? new Journal(files.busLogs, settings.logs) : undefined;
    this.#cursors = new Cursors(files.cursors, warn);
    this.#hub = new Hub({
      settings,
      journal: this.#journal,
      cursors: this.#cursors,
      end: (session, end, detail) => this.#sessions.get(session)?.end(byeFrame(end), end, detail),
      changed: (session, what) => this.#records.changed(session, what),
      limited: (session, reason, detail) => this.#limited(session, reason, detail),
      warn,
    });
    this.#ports = new GuestPorts(stateRoot, this.#host);
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
  }

  /** Listens on this host alone. Resolves with the port. Rejects with what the system says. */
  async listen(): Promise<number> {
    const { port, isDefaultPort } = this.#settings;
    const bound = await this.#bind(port).catch((error: NodeJS.ErrnoException) => {
      if (!isDefaultPort || error.code !== 'EADDRINUSE') throw error;
      return this.#bind(0);
    });
    this.#server.on('error', (error) => this.#log.warn(`a connection could not be taken: ${messageOf(error)}`));
    this.#log.info(`listening on 127.0.0.1:${bound}`);
    this.#log.info(`handshakes in ${projectFiles(this.#stateRoot).handshakes}`);
    this.#watcher = this.#watchLaunches();
    for (const { vm } of runningVms(this.#stateRoot)) this.#ports.attach(vm);
    return bound;
  }

  /** Says goodbye to all, and writes what is not written yet. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearInterval(this.#sweeper);
    this.#watcher?.close();
    this.#server.close();
    this.#hub.flush();
    for (const connection of [...this.#sessions.values()]) connection.end(byeFrame('the broker stops'), 'stopped');
    this.#records.saveAll();
    this.#cursors.save();
    this.#ports.stop();
    for (const connection of this.#connections) connection.destroy();
    this.#journal?.close();
    this.#log.info('stopped');
  }

  /** `up` writes a launch record when QEMU has started: no command needs to tell the broker. */
  #watchLaunches(): FSWatcher {
    const watcher = watch(this.#stateRoot, { persistent: false }, (_, name) => {
      const vm = /^([a-z0-9-]+)\.json$/.exec(name ?? '')?.[1];
      if (vm !== undefined) this.#ports.attach(vm);
    });
    watcher.on('error', (error) => this.#log.warn(`new VMs are not noticed: ${messageOf(error)}`));
    return watcher;
  }

  #bind(port: number): Promise<number> {
    return new Promise((done, fail) => {
      this.#server.once('error', fail);
      this.#server.listen({ port, host: '127.0.0.1', backlog: BACKLOG }, () => {
        this.#server.off('error', fail);
        const address = this.#server.address();
        done(typeof address === 'object' && address ? address.port : port);
      });
    });
  }

  get #host(): Host {
    return {
      welcome: (line, connection) => this.#welcome(line, connection),
      failed: ({ remote }, reason) =>
        this.#records.attempted({
          ...{ vm: remote, remote, reason, capabilities: [], kind: 'guest' },
          outcome: reason === 'read-timeout' ? 'timeout' : 'denied',
        }),
      frame: (session, frame) => this.#frame(session, frame),
      refused: (session, json) => this.#hub.send(session, json),
      drained: (session) => this.#hub.drained(session),
      settle: () => this.#hub.flush(),
      ended: (session, end, detail) => this.#ended(session, end, detail),
      closed: (connection) => this.#connections.delete(connection),
    };
  }

  #accept(socket: Socket): void {
    if (this.#connections.size >= MAX_CONNECTIONS) {
      socket.on('error', () => undefined);
      socket.end('error: too many connections\n');
      socket.setTimeout(1_000, () => socket.destroy());
      socket.resume();
      this.#log.warn(`more than ${MAX_CONNECTIONS} connections: others are refused`);
      return;
    }
    const remote = `${socket.remoteAddress}:${socket.remotePort}`;
    this.#connections.add(new Connection(socket, { kind: 'tcp', remote }, this.#host));
  }

  #welcome(line: string, connection: Connection): Welcome {
    const { remote, origin } = connection;
    const parsed = parseHello(line);
    if (parsed.kind === 'malformed') {
      const attempt = { vm: remote, capabilities: [], kind: 'guest', reason: 'protocol-error', remote } as const;
      this.#records.attempted({ ...attempt, outcome: 'denied' });
      return { kind: 'refused', line: `error: ${parsed.reason}` };
    }
    const { hello } = parsed;
    const admission = admit(this.#stateRoot, this.#settings.auth, origin, hello);
    const attempt = {
      vm: admission.kind === 'denied' ? hello.identity : admission.name,
      capabilities: hello.capabilities,
      kind: admission.kind === 'granted' ? admission.party : ('guest' as const),
      remote,
    };
    if (admission.kind === 'granted') return this.#grant(admission.name, admission.party, hello, connection);
    const reason = admission.kind === 'present' ? 'missing-capability' : admission.reason;
    this.#records.attempted({ ...attempt, outcome: 'denied', reason });
    if (admission.kind === 'present')
      this.#records.greeted({ name: admission.name, remote }, hello.capabilities, false);
    // The original's answer to a guest that wants no session.
    const isQuiet = reason === 'missing-capability' || reason === 'reserved-identity';
    return { kind: 'refused', line: isQuiet ? 'ok' : `error: ${reason}` };
  }

  #grant(name: string, kind: 'guest' | 'host', hello: Hello, connection: Connection): Welcome {
    const { remote, origin, sink } = connection;
    const { capabilities } = hello;
    const count = [...this.#sessions.keys()].filter((session) => session.name === name).length;
    if (kind === 'guest' && count >= MAX_PER_VM) {
      this.#records.attempted({ vm: name, capabilities, kind, remote, outcome: 'denied', reason: 'too-many-sessions' });
      return { kind: 'refused', line: 'error: too-many-sessions' };
    }
    this.#counter += 1;
    const id = `sess-${Math.floor(Date.now() / 1000)}-${this.#counter}`;
    const framing = origin.kind === 'virtio' || hasCapability(hello, BUS_LINES) ? 'lines' : 'length';
    const session = new Session(
      { id, name, kind, framing, remote, now: performance.now() },
      sink,
      this.#settings.queue,
    );
    this.#sessions.set(session, connection);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS);
    if (kind === 'guest') this.#records.greeted(session, capabilities, true);
    this.#records.attempted({ vm: name, capabilities, kind, remote, outcome: 'granted' });
    return { kind: 'session', session };
  }

  #frame(session: Session, frame: ClientFrame): void {
    switch (frame.type) {
      case 'bye':
        break;
      case 'stats': {
        const facts = { startedAt: this.#startedAt, sessions: [...this.#sessions.keys()], totals: this.#hub.totals };
        this.#hub.send(session, statsFrame(facts, session));
        break;
      }
      default:
        this.#hub.handle(session, frame);
    }
  }

  #ended(session: Session, end: SessionEnd, detail?: string): void {
    this.#hub.forget(session);
    this.#sessions.delete(session);
    const hasOther = [...this.#sessions.keys()].some(({ name }) => name === session.name);
    this.#records.ended(session, hasOther && end === 'closed' ? 'replaced' : end, detail);
    this.#log.info(`session ${session.id} of ${session.name} ended: ${end}${detail ? ` (${detail})` : ''}`);
    if (this.#sessions.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  /** Sessions whose other end is gone without a word; and whether this host slept. */
  #sweep(): void {
    const now = performance.now();
    if (this.#clock.jumped()) this.#tellTime();
    for (const [session, connection] of this.#sessions) {
      const silent = now - session.lastFrameAt;
      if (silent < SILENCE_MS) continue;
      connection.end(byeFrame('heartbeat timeout'), 'heartbeat_timeout', `elapsed_secs=${Math.floor(silent / 1000)}`);
    }
  }

  /** The clocks of guests stood still, or went on, while this one did not. */
  #tellTime(): void {
    this.#log.info('the clock of this host jumped: guests are asked to set theirs');
    const ms = Date.now();
    const message = { seq: 0, from: 'host', time: ms, topic: 'castra.guest.time', payload: `{"ms":${ms}}` };
    for (const session of this.#sessions.keys())
      if (session.kind === 'guest') this.#hub.send(session, messageFrame(message));
  }

  #limited(session: Session, reason: string, detail: string): void {
    if (session.told.has(reason)) return;
    session.told.add(reason);
    this.#records.event(session, reason, 'reject', detail);
  }
}
