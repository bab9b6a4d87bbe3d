import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { ActiveForward } from '../events.ts';

/** A forward that still may ask for any free port with `host` 0. */
export interface WantedForward extends ActiveForward {
  readonly vm: string;
}

/** What a bind attempt said: the port it got, or why there is none. */
export type PortClaim =
  | { readonly kind: 'free'; readonly forward: WantedForward }
  | { readonly kind: 'taken'; readonly forward: WantedForward; readonly detail: string };

interface Held {
  readonly claim: PortClaim;
  release(): Promise<void>;
}

/**
 * Tries every forward by binding the very address QEMU will use, all at the same time: so no two allocated ports are
 * equal and one port asked for twice is found. Everything is let go again before this resolves.
 */
export async function claimPorts(forwards: readonly WantedForward[]): Promise<PortClaim[]> {
  const held = await Promise.all(
    forwards.map((forward) => (forward.protocol === 'tcp' ? bindTcp(forward) : bindUdp(forward))),
  );
  await Promise.all(held.map((one) => one.release()));
  return held.map((one) => one.claim);
}

function bindTcp(forward: WantedForward): Promise<Held> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', (error) => done(taken(forward, error)));
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
      done(taken(forward, error));
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

function taken(forward: WantedForward, error: Error): Held {
  return { claim: { kind: 'taken', forward, detail: explainBindError(error) }, release: () => Promise.resolve() };
}

function explainBindError(error: Error): string {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return 'another process uses it';
  if (code === 'EACCES') return 'ports below 1024 need privileges here';
  return code === 'EADDRNOTAVAIL' ? 'this host has no such address' : error.message;
}
