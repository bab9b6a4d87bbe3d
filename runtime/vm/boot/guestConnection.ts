import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { pause } from '../../process/pause.ts';
import { parseUsernet } from './forwardProbe.ts';

/** What a connection to a forward of a guest came to. */
export type Reach =
  /** The guest's own TCP took it. Nothing was read or sent yet. */
  | { readonly kind: 'taken'; readonly socket: Socket }
  /** The guest refused it: its network is up, and nothing listens. */
  | { readonly kind: 'refused' }
  /** The guest says nothing. */
  | { readonly kind: 'silent' }
  /** This host refused it: no process forwards the port. */
  | { readonly kind: 'unbound' };

export interface ReachRequest {
  readonly port: number;
  /** Runs `info usernet` in QEMU's monitor; undefined when QEMU does not answer. */
  readonly readUsernet: () => Promise<string | undefined>;
  readonly signal: AbortSignal;
  /** How long the guest may leave the connection unanswered. */
  readonly silenceMs?: number;
}

/**
 * Longer than an emulated guest needs to answer a SYN. A connection that it does not answer is given up, because
 * QEMU's user network tries again only after 3 s, then 6, while a new connection is tried at once.
 */
const SILENCE_MS = 250;
const LOOK_EVERY_MS = 30;
/** Where QEMU does not say what became of a connection, a server has this long to speak. */
const BLIND_MS = 3000;

/**
 * One connection to a forward, until the guest's kernel takes or refuses it. QEMU itself accepts at once, so its own
 * table of connections is asked. A connection that the guest has not taken is unknown to its servers, so giving it up
 * costs them nothing: sshd counts connections that end before a login, and drops their source (MaxStartups,
 * PerSourcePenalties).
 */
export async function reachGuest({ port, readUsernet, signal, silenceMs = SILENCE_MS }: ReachRequest): Promise<Reach> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  const seen = watch(socket);
  const startedAt = performance.now();
  const giveUp = (): Reach => {
    socket.destroy();
    return { kind: seen.end ?? 'silent' };
  };
  const taken = async (): Promise<Reach> => {
    await seen.release();
    return { kind: 'taken', socket };
  };
  while (!signal.aborted && seen.end === undefined) {
    if (seen.data) return taken();
    const states = parseUsernet((await readUsernet()) ?? '')
      .filter((row) => row.port === port)
      .map(({ state }) => state);
    if (states.includes('ESTABLISHED') && seen.end === undefined) return taken();
    if (performance.now() - startedAt > (states.length > 0 ? silenceMs : BLIND_MS)) break;
    await pause(LOOK_EVERY_MS, signal);
  }
  return giveUp();
}

interface Seen {
  readonly data: boolean;
  readonly end: 'refused' | 'unbound' | undefined;
  /** Stops looking, so that another reader gets every byte. */
  release(): Promise<void>;
}

/** `readable` leaves the bytes where they are, for the code that takes over the socket. */
function watch(socket: Socket): Seen {
  const look = () => {
    seen.data = socket.readableLength > 0;
    if (!seen.data) seen.end ??= 'refused';
  };
  const seen: { -readonly [Key in keyof Seen]: Seen[Key] } = {
    data: false,
    end: undefined,
    async release() {
      socket.off('readable', look);
      // The stream notices in the next tick that nothing listens for `readable` any more.
      await turn();
    },
  };
  socket.on('readable', look);
  // QEMU accepts for its guest, so a refusal to connect is this host's.
  socket.on('error', (error) => {
    seen.end ??= 'code' in error && error.code === 'ECONNREFUSED' ? 'unbound' : 'refused';
  });
  socket.once('close', () => {
    seen.end ??= 'refused';
  });
  return seen;
}
