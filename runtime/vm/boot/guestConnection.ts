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
  /** The guest says nothing, or nobody forwards the port. */
  | { readonly kind: 'silent' };

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
    return { kind: seen.refused ? 'refused' : 'silent' };
  };
  const taken = async (): Promise<Reach> => {
    await seen.release();
    return { kind: 'taken', socket };
  };
  while (!signal.aborted && !seen.ended) {
    if (seen.data) return taken();
    const states = parseUsernet((await readUsernet()) ?? '')
      .filter((row) => row.port === port)
      .map(({ state }) => state);
    if (states.includes('ESTABLISHED') && !seen.ended) return taken();
    if (performance.now() - startedAt > (states.length > 0 ? silenceMs : BLIND_MS)) break;
    await pause(LOOK_EVERY_MS, signal);
  }
  return giveUp();
}

interface Seen {
  readonly data: boolean;
  readonly ended: boolean;
  /** By the guest, not by this host. */
  readonly refused: boolean;
  /** Stops looking, so that another reader gets every byte. */
  release(): Promise<void>;
}

/** `readable` leaves the bytes where they are, for whoever gets the socket. */
function watch(socket: Socket): Seen {
  const look = () => {
    seen.data = socket.readableLength > 0;
    seen.ended ||= !seen.data;
    seen.refused ||= !seen.data;
  };
  const seen = {
    data: false,
    ended: false,
    refused: false,
    async release() {
      socket.off('readable', look);
      // The stream forgets that somebody listened for `readable` in the next tick.
      await turn();
    },
  };
  socket.on('readable', look);
  // QEMU accepts for its guest, so a refusal to connect is the host's: nobody forwards this port.
  socket.on('error', (error) => {
    seen.ended = true;
    seen.refused ||= !('code' in error && error.code === 'ECONNREFUSED');
  });
  socket.once('close', () => {
    seen.ended = true;
  });
  return seen;
}
