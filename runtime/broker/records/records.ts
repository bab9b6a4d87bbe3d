import { join } from 'node:path';
import { messageOf } from '../../contract/failures.ts';
import type { LogLimits } from '../../contract/vocabulary.ts';
import { identify } from '../../process/identity.ts';
import { ensurePrivateDirectory, writeFileAtomic } from '../../state/files.ts';
import { projectFiles, vmFiles } from '../../state/layout.ts';
import { readRecord } from '../../state/record.ts';
import type { Session, SessionEnd } from '../hub/session.ts';
import type { BrokerLog } from './brokerLog.ts';
import type { HandshakeRecord } from './handshakeRecord.ts';
import { appendTo } from './journal.ts';

export interface HandshakeAttempt {
  readonly vm: string;
  readonly capabilities: readonly string[];
  readonly kind: 'guest' | 'host';
  readonly outcome: 'granted' | 'denied' | 'timeout';
  readonly reason?: string;
  readonly remote: string;
}

/** A heartbeat every 25 s of a thousand guests must not be a thousand files a second. */
const SAVE_AFTER_MS = 1_000;

/** The files that say who is there and what went wrong. They are for `status` and people: none of them stops the bus. */
export class Records {
  readonly #stateRoot: string;
  readonly #limits: LogLimits;
  readonly #log: BrokerLog;
  readonly #guests = new Map<string, HandshakeRecord>();
  readonly #unsaved = new Set<string>();
  readonly #token = identify(process.pid)?.startToken;
  #timer: NodeJS.Timeout | undefined;

  constructor(stateRoot: string, limits: LogLimits, log: BrokerLog) {
    this.#stateRoot = stateRoot;
    this.#limits = limits;
    this.#log = log;
  }

  /** A guest said hello. Written at once, for `up` waits for it. */
  greeted(session: Pick<Session, 'name' | 'remote'>, capabilities: readonly string[], hasBus: boolean): void {
    const now = seconds();
    const launch = readRecord(this.#stateRoot, session.name)?.uuid;
    this.#guests.set(session.name, {
      vm: session.name,
      timestamp: now,
      launch,
      broker: this.#token,
      transport: session.remote === 'virtio' ? 'virtio' : 'tcp',
      ...(capabilities.length > 0 ? { capabilities } : {}),
      ...(hasBus ? { bus: { protocol: 'bus-v1', last_heartbeat_ts: now } } : {}),
    });
    this.#save(session.name);
  }

  changed(session: Session, what: 'publish' | 'subscribe' | 'heartbeat'): void {
    if (session.kind === 'host') return;
    const known = this.#guests.get(session.name);
    const now = seconds();
    // Thousands of messages a second are one entry.
    if (known?.bus === undefined || (what !== 'subscribe' && known.bus[`last_${what}_ts`] === now)) return;
    const topics = [...session.topics].sort();
    const bus = {
      ...known.bus,
      [`last_${what}_ts`]: now,
      ...(what === 'subscribe' ? { subscribed_topics: topics.length > 0 ? topics : undefined } : {}),
    };
    this.#guests.set(session.name, { ...known, bus });
    this.#unsaved.add(session.name);
    this.#timer ??= setTimeout(() => this.saveAll(), SAVE_AFTER_MS);
  }

  ended(session: Session, end: SessionEnd, detail?: string): void {
    const known = this.#guests.get(session.name);
    if (session.kind === 'guest' && known?.bus && end !== 'replaced') {
      this.#guests.set(session.name, { ...known, bus: { protocol: known.bus.protocol } });
      this.#save(session.name);
    }
    if (end === 'closed' || end === 'replaced' || end === 'stopped') return;
    this.event(session, end, 'disconnect', detail);
  }

  event(session: Session, reason: string, action: string, detail?: string): void {
    this.#append('bus-events.jsonl', {
      timestamp: seconds(),
      vm: session.name,
      session: session.id,
      reason,
      action,
      detail,
    });
    const more = detail === undefined ? '' : ` detail=${detail}`;
    this.#log.warn(
      `bus backpressure vm=${session.name} session=${session.id} reason=${reason} action=${action}${more}`,
    );
  }

  attempted({ vm, capabilities, kind, outcome, reason, remote }: HandshakeAttempt): void {
    const timestamp = seconds();
    this.#append('handshake-events.jsonl', {
      ...{ timestamp, vm, capabilities, session_kind: kind, session_outcome: outcome, reason, remote_addr: remote },
    });
    const list = capabilities.length > 0 ? capabilities.join() : '-';
    const why = reason === undefined ? '' : ` reason=${reason}`;
    const text = `handshake ts=${timestamp} vm=${vm} remote=${remote} capabilities=[${list}] session_kind=${kind} session_outcome=${outcome}${why}`;
    if (outcome === 'granted') this.#log.info(text);
    else this.#log.warn(text);
  }

  saveAll(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const vm of [...this.#unsaved]) this.#save(vm);
  }

  #save(vm: string): void {
    this.#unsaved.delete(vm);
    const text = `${JSON.stringify(this.#guests.get(vm), null, 2)}\n`;
    this.#try(() => writeFileAtomic(vmFiles(this.#stateRoot, vm).handshake, text));
  }

  #append(name: string, value: object): void {
    const path = join(projectFiles(this.#stateRoot).handshakes, name);
    this.#try(() => appendTo(path, Buffer.from(`${JSON.stringify(value)}\n`), this.#limits));
  }

  #try(write: () => void): void {
    try {
      ensurePrivateDirectory(projectFiles(this.#stateRoot).handshakes);
      write();
    } catch (error) {
      this.#log.warn(`a record could not be written: ${messageOf(error)}`);
    }
  }
}

const seconds = (): number => Math.floor(Date.now() / 1000);
