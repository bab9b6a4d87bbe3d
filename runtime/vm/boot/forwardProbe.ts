import { connect } from 'node:net';
import type { PortForward } from '../../contract/vocabulary.ts';
import { QmpClient, QmpError } from '../qmp.ts';
import { QUERY_TIMEOUT_MS } from './runState.ts';

/** What a connection through a forward showed. */
export type ForwardAnswer =
  /** The guest took the connection. */
  | 'accepted'
  /** The guest refused it: nothing listens there. */
  | 'refused'
  /** The guest says nothing: it is not up, or drops packets. */
  | 'silent'
  /** No process of this host accepts connections at the port. */
  | 'unbound'
  /** QEMU took it, and does not say what became of it. */
  | 'unknown';

/** On loopback a connection is made or refused at once. */
const CONNECT_TIMEOUT_MS = 500;
/** QEMU closes our connection within a few milliseconds of the guest's refusal; under emulation that takes longer. */
const SETTLE_MS = 250;

/**
 * Tries TCP forwards of one VM, all at once. QEMU accepts before it asks the guest, so a connection that stays open
 * proves nothing: QEMU's own table of connections shows whether the guest took it. Takes less than two seconds.
 */
export async function probeForwards(
  forwards: readonly PortForward[],
  monitorSocket: string,
): Promise<readonly ForwardAnswer[]> {
  const tries = await Promise.all(forwards.map(openForward));
  try {
    if (tries.every((one) => one.answer !== undefined)) return tries.map((one) => one.answer ?? 'unknown');
    const table = await readConnections(monitorSocket);
    return tries.map((one, index) => one.answer ?? judge(table, forwards[index]?.host ?? 0));
  } finally {
    for (const one of tries) one.close();
  }
}

interface Try {
  /** Undefined while the connection is open and silent. */
  readonly answer?: 'accepted' | 'refused' | 'unbound';
  close(): void;
}

function openForward({ bind, host }: PortForward): Promise<Try> {
  return new Promise((done) => {
    const socket = connect({ host: bind === '0.0.0.0' ? '127.0.0.1' : bind, port: host });
    const close = () => socket.destroy();
    const finish = (answer?: 'accepted' | 'refused' | 'unbound') => {
      clearTimeout(timer);
      done({ close, ...(answer ? { answer } : {}) });
    };
    let timer = setTimeout(() => finish('unbound'), CONNECT_TIMEOUT_MS);
    let connected = false;
    socket.once('connect', () => {
      connected = true;
      clearTimeout(timer);
      timer = setTimeout(finish, SETTLE_MS);
    });
    socket.once('data', () => finish('accepted'));
    socket.once('end', () => finish('refused'));
    // A reset may come before the event of the connection.
    socket.on('error', (error) => {
      const reset = 'code' in error && error.code === 'ECONNRESET';
      finish(connected || reset ? 'refused' : 'unbound');
    });
  });
}

/** A TCP connection in QEMU's user network. */
export interface GuestConnection {
  readonly state: string;
  /** Of a connection from outside: the forward's port on this host. */
  readonly port: number;
}

function judge(table: readonly GuestConnection[] | undefined, host: number): ForwardAnswer {
  const states = table?.filter(({ port }) => port === host).map(({ state }) => state) ?? [];
  if (states.includes('ESTABLISHED')) return 'accepted';
  return states.includes('SYN_SENT') ? 'silent' : 'unknown';
}

async function readConnections(monitorSocket: string): Promise<GuestConnection[] | undefined> {
  let client: QmpClient | undefined;
  try {
    client = await QmpClient.connect(monitorSocket, { timeoutMs: QUERY_TIMEOUT_MS });
    const table = await askUsernet(client);
    return table === undefined ? undefined : parseUsernet(table);
  } catch (error) {
    if (!(error instanceof QmpError)) throw error;
    return undefined;
  } finally {
    client?.close();
  }
}

/** QEMU's table of the user network's connections; undefined when it does not say. */
export async function askUsernet(qmp: QmpClient): Promise<string | undefined> {
  const answer = qmp.execute('human-monitor-command', { 'command-line': 'info usernet' });
  return await answer.then(String, () => undefined);
}

/** Rows of `info usernet` (libslirp, slirp_connection_info): protocol and state, descriptor, source, its port, … */
export function parseUsernet(text: string): GuestConnection[] {
  const rows = text.matchAll(/^\s*TCP\[([A-Z0-9_]+)\]\s+-?\d+\s+\S+\s+(\d+)\s/gm);
  return [...rows].map(([, state = '', port]) => ({ state, port: Number(port) }));
}
