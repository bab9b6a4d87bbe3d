import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { parseUsernet, probeForwards } from '../../../../runtime/vm/boot/forwardProbe.ts';

const USERNET = `Hub -1 (net0):\r
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r
  TCP[SYN_SENT]      14       127.0.0.1 40001       10.0.2.15  8080     0     0\r
  TCP[ESTABLISHED]   13       127.0.0.1 40002       10.0.2.15    22     0     0\r
  TCP[HOST_FORWARD]  12       127.0.0.1 40002       10.0.2.15    22     0     0\r
  UDP[HOST_FORWARD]  11       127.0.0.1 40003       10.0.2.15    53     0     0\r
`;

test("QEMU's connections are read from its table", () => {
  assert.deepEqual(parseUsernet(USERNET), [
    { state: 'SYN_SENT', port: 40001 },
    { state: 'ESTABLISHED', port: 40002 },
    { state: 'HOST_FORWARD', port: 40002 },
  ]);
  assert.deepEqual(parseUsernet('unknown command'), []);
});

test('a peer that speaks, closes, resets, is silent or is not there is told apart, all at once', async () => {
  const behaviours: ((socket: Socket) => void)[] = [
    (socket) => socket.write('hello'),
    (socket) => socket.end(),
    (socket) => socket.resetAndDestroy(),
    () => undefined,
  ];
  const servers = behaviours.map((behave) => createServer(behave).listen(0, '127.0.0.1'));
  const gone = createServer().listen(0, '127.0.0.1');
  await Promise.all([...servers, gone].map((server) => once(server, 'listening')));
  const forwards = [...servers, gone].map((server) => {
    const { port: host } = server.address() as AddressInfo;
    return { bind: '127.0.0.1', host, guest: 1, protocol: 'tcp' as const };
  });
  gone.close();
  await once(gone, 'close');
  try {
    const answers = await probeForwards(forwards, '/nowhere/monitor');
    assert.deepEqual(answers, ['accepted', 'refused', 'refused', 'unknown', 'unbound']);
  } finally {
    for (const server of servers) server.close();
  }
});
