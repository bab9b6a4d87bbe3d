import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { basename } from 'node:path';
import type { PortForward } from '../../contract/vocabulary.ts';
import { findPortOwner, type PortOwner } from '../../process/portOwner.ts';

/** A forward that still may ask for any free port with `host` 0. */
export interface WantedForward extends PortForward {
  readonly vm: string;
}

/** What a bind attempt said: the port it got, or why there is none. */
export type PortClaim =
  | { readonly kind: 'free'; readonly forward: WantedForward }
  | { readonly kind: 'taken'; readonly forward: WantedForward; readonly detail: string };

/** A port that must not be used, even if no process has bound it yet. */
export interface ReservedPort extends Address {
  /** Why not, for the end of a sentence. */
  readonly detail: string;
}

const ALL_ADDRESSES = '0.0.0.0';

type Address = Pick<PortForward, 'bind' | 'host' | 'protocol'>;

interface Held {
  readonly claim: PortClaim;
  release(): Promise<void>;
}

/**
 * Tries every forward by binding the very address QEMU will use, and holds them all until the last one is tried: so no
 * two allocated ports are equal. Everything is let go again before this resolves. What is reserved is not tried.
 */
export async function claimPorts(
  forwards: readonly WantedForward[],
  reserved: readonly ReservedPort[] = [],
): Promise<PortClaim[]> {
  const held: Held[] = [];
  const claim = async ([index, forward]: [number, WantedForward]) => {
    held[index] = await hold(forward, forwards.slice(0, index), reserved);
  };
  const numbered = [...forwards.entries()];
  // Allocation comes last, or it could be given a port that a later forward asks for by its number.
  await Promise.all(numbered.filter(([, { host }]) => host !== 0).map(claim));
  await Promise.all(numbered.filter(([, { host }]) => host === 0).map(claim));
  await Promise.all(held.map((one) => one.release()));
  return held.map((one) => one.claim);
}

function hold(
  forward: WantedForward,
  before: readonly WantedForward[],
  reserved: readonly ReservedPort[],
): Promise<Held> {
  const rival = before.find((earlier) => collide(earlier, forward));
  if (rival) return Promise.resolve(taken(forward, `${rival.vm} forwards it to its port ${rival.guest}`));
  const owned = reserved.find((other) => collide(other, forward));
  if (owned) return Promise.resolve(taken(forward, owned.detail));
  return forward.host === 0 ? allocate(forward, reserved) : bind(forward);
}

function bind(forward: WantedForward): Promise<Held> {
  return forward.protocol === 'tcp' ? bindTcp(forward) : bindUdp(forward);
}

/** Reserved ports that the kernel offers are held until it offers another one, so there are no more tries than those. */
async function allocate(forward: WantedForward, reserved: readonly ReservedPort[]): Promise<Held> {
  const avoided: Held[] = [];
  for (;;) {
    const held = await bind(forward);
    const { claim } = held;
    if (claim.kind === 'taken' || !reserved.some((other) => collide(other, claim.forward))) {
      await Promise.all(avoided.map((one) => one.release()));
      return held;
    }
    avoided.push(held);
  }
}

/** Told without the kernel: some let a second socket bind beside one on all addresses. */
export function collide(a: Address, b: Address): boolean {
  const samePort = a.host === b.host && a.host !== 0 && a.protocol === b.protocol;
  return samePort && (a.bind === b.bind || a.bind === ALL_ADDRESSES || b.bind === ALL_ADDRESSES);
}

function bindTcp(forward: WantedForward): Promise<Held> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', (error) => done(taken(forward, explainBindError(error, forward))));
    server.listen({ host: forward.bind, port: forward.host, exclusive: true }, () => {
      const address = server.address();
      const host = typeof address === 'object' && address ? address.port : forward.host;
      done({
        claim: { kind: 'free', forward: { ...forward, host } },
        release: () => new Promise((closed) => server.close(() => closed())),
      });
    });
  });
}

function bindUdp(forward: WantedForward): Promise<Held> {
  return new Promise((done) => {
    const socket = createSocket('udp4');
    socket.once('error', (error) => {
      socket.close();
      done(taken(forward, explainBindError(error, forward)));
    });
    socket.bind({ address: forward.bind, port: forward.host, exclusive: true }, () => {
      const host = socket.address().port;
      done({
        claim: { kind: 'free', forward: { ...forward, host } },
        release: () => new Promise((closed) => socket.close(() => closed())),
      });
    });
  });
}

function taken(forward: WantedForward, detail: string): Held {
  return { claim: { kind: 'taken', forward, detail }, release: () => Promise.resolve() };
}

function explainBindError(error: Error, { protocol, host }: WantedForward): string {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return `${describeOwner(findPortOwner(protocol, host))} uses it`;
  if (code === 'EACCES') return 'ports below 1024 need privileges here';
  return code === 'EADDRNOTAVAIL' ? 'this host has no such address' : error.message;
}

/** Of a command line only the program's name: its arguments may be secret. Of a QEMU also which VM it is. */
export function describeOwner(owner: PortOwner | undefined): string {
  if (owner === undefined) return 'another process';
  const { pid, command } = owner;
  const name = basename(command[0] ?? '') || 'a process';
  const vm = name.startsWith('qemu-system') ? command[command.indexOf('-name') + 1] : undefined;
  return vm && command.includes('-name') ? `the VM "${vm}" (${name}, pid ${pid})` : `${name} (pid ${pid})`;
}
