import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { connectConsole, isConsoleTaken, relayConsole } from '../../../runtime/vm/console.ts';
import { startFake } from '../../support/fakeVm.ts';
import { tempFolder } from '../../support/tempProject.ts';

const never = new AbortController().signal;

/** Runs a test with a console whose other end behaves as told. */
async function withConsole(
  guest: (socket: Socket) => void,
  body: (path: string, server: Server) => Promise<void>,
): Promise<void> {
  const folder = tempFolder();
  const path = join(folder.path, 'c');
  const server = createServer(guest);
  await new Promise<void>((done) => server.listen(path, done));
  try {
    await body(path, server);
  } finally {
    server.close();
    await folder.dispose();
  }
}

const streams = () => ({ input: new PassThrough(), output: new PassThrough() });

test('Ctrl-] leaves although the guest reads nothing', () =>
  withConsole(
    (socket) => socket.pause(),
    async (path) => {
      const { input, output } = streams();
      const end = relayConsole(await connectConsole(path), { input, output, signal: never, interactive: true });
      for (let count = 0; count < 64; count++) input.write(Buffer.alloc(65_536));
      input.write('\x1d');
      assert.equal(await end, 'left');
      assert.equal(input.destroyed, false);
      assert.equal(output.writableEnded, false);
    },
  ));

test('Ctrl-] is a byte like others when nobody types', () => {
  const seen: Buffer[] = [];
  return withConsole(
    (socket) => socket.on('data', (data: Buffer) => seen.push(data)),
    async (path) => {
      const { input, output } = streams();
      const relay = { input, output, signal: never, interactive: false, quietMs: 50 };
      const end = relayConsole(await connectConsole(path), relay);
      input.end('a\x1db');
      assert.equal(await end, 'input-ended');
      assert.equal(Buffer.concat(seen).toString(), 'a\x1db');
    },
  );
});

test('it ends when the other side closes, when nobody reads any more, and when it is cancelled', () =>
  withConsole(
    (socket) => socket.on('data', () => socket.end()).on('error', () => undefined),
    async (path) => {
      const first = streams();
      const closed = relayConsole(await connectConsole(path), { ...first, signal: never, interactive: true });
      first.input.write('x');
      assert.equal(await closed, 'closed');
      const second = streams();
      const left = relayConsole(await connectConsole(path), { ...second, signal: never, interactive: true });
      second.output.destroy();
      assert.equal(await left, 'left');
      const cancelled = { ...streams(), signal: AbortSignal.abort(), interactive: true };
      assert.equal(await relayConsole(await connectConsole(path), cancelled), 'cancelled');
    },
  ));

test('whether somebody is attached is asked of QEMU, and unknown where none answers', async () => {
  const folder = tempFolder();
  try {
    const qemu = await startFake(folder.path);
    const monitor = join(folder.path, 'web.monitor');
    assert.equal(await isConsoleTaken(monitor), false);
    const console = await connectConsole(join(folder.path, 'web.console'));
    assert.equal(await isConsoleTaken(monitor), true);
    console.destroy();
    qemu.qmp.close();
    assert.equal(await isConsoleTaken(join(folder.path, 'nobody')), undefined);
    assert.equal(existsSync(join(folder.path, 'nobody')), false);
    await assert.rejects(connectConsole(join(folder.path, 'nobody')), { code: 'ENOENT' });
  } finally {
    await folder.dispose();
  }
});
