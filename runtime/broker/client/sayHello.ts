import type { Socket } from 'node:net';
import { BUS, BUS_LINES, HOST_BUS } from '../protocol/handshake.ts';
import { BusError } from './incoming.ts';

export interface BusAddress {
  readonly port: number;
  /** The host's, out of the state root. */
  readonly token: string;
}

const CONNECT_MS = 5_000;

/** The greeting, `hello`, and `ok`. Returns what came behind it. */
export function sayHello(socket: Socket, { port, token }: BusAddress, signal?: AbortSignal): Promise<string> {
  return new Promise((done, fail) => {
    let text = '';
    const end = (error?: Error) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      socket.removeAllListeners();
      if (error === undefined) return;
      socket.on('error', () => undefined).destroy();
      fail(error);
    };
    const timer = setTimeout(
      () => end(new BusError('unreachable', `nothing answers as a broker on port ${port}`)),
      CONNECT_MS,
    );
    const cancel = () => end(new BusError('lost', 'cancelled'));
    if (signal?.aborted) cancel();
    signal?.addEventListener('abort', cancel);
    socket.once('error', (error) =>
      end(new BusError('unreachable', `the broker on port ${port} cannot be reached: ${error.message}`)),
    );
    socket.once('close', () => end(new BusError('unreachable', `the broker on port ${port} closed the connection`)));
    socket.once('connect', () =>
      socket.write(`hello vm:host capabilities=${BUS},${HOST_BUS},${BUS_LINES} token=${token}\n`),
    );
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const [greeting, answer, ...rest] = text.split('\n');
      if (rest.length === 0 || greeting === undefined || answer === undefined) return;
      if (!answer.startsWith('ok session=')) {
        end(new BusError('refused', `the broker refused us: ${answer.replace(/^error: /, '')}`));
        return;
      }
      socket.pause();
      end();
      done(Buffer.from(rest.join('\n'), 'latin1').toString());
    });
  });
}
