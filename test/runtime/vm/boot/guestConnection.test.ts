import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { reachGuest } from '../../../../runtime/vm/boot/guestConnection.ts';

const never = new AbortController().signal;

/** A forward as QEMU has it: it accepts at once; `info usernet` says in which state the guest's side is. */
async function withForward(
  body: (port: number, table: (state: string) => () => Promise<string>) => Promise<void>,
  serve: (socket: Socket) => void = () => undefined,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    serve(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const table = (state: string) => () => Promise.resolve(`  TCP[${state}] 12 127.0.0.1 ${port} 10.0.2.15 22 0 0\r\n`);
  try {
    await body(port, table);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

describe('a connection to a guest', () => {
  it('is taken once the guest’s own TCP has it, and nothing was read from it', () =>
    withForward(
      async (port, table) => {
        const reach = await reachGuest({ port, readUsernet: table('ESTABLISHED'), signal: never });
        assert.ok(reach.kind === 'taken');
        const [first] = await once(reach.socket, 'data');
        assert.equal(String(first), 'SSH-2.0-x\r\n');
        reach.socket.destroy();
      },
      (socket) => void setTimeout(() => socket.write('SSH-2.0-x\r\n'), 100),
    ));

  it('is given up when the guest does not answer', () =>
    withForward(async (port, table) => {
      const reach = await reachGuest({ port, readUsernet: table('SYN_SENT'), signal: never, silenceMs: 100 });
      assert.equal(reach.kind, 'silent');
    }));

  it('is taken by what it says where QEMU has no table', () =>
    withForward(
      async (port) => {
        const reach = await reachGuest({ port, readUsernet: () => Promise.resolve(undefined), signal: never });
        assert.ok(reach.kind === 'taken');
        reach.socket.destroy();
      },
      (socket) => void socket.write('SSH-2.0-x\r\n'),
    ));

  it('that the guest closes was refused by it', () =>
    withForward(
      async (port, table) => {
        assert.deepEqual(await reachGuest({ port, readUsernet: table('SYN_SENT'), signal: never }), {
          kind: 'refused',
        });
      },
      (socket) => void socket.end(),
    ));

  it('that no process forwards is refused by this host, at once', async () => {
    let port = 0;
    await withForward(async (free) => {
      port = free;
    });
    const none = () => Promise.resolve(undefined);
    assert.deepEqual(await reachGuest({ port, readUsernet: none, signal: never }), { kind: 'unbound' });
  });
});
