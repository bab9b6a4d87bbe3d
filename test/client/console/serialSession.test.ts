import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type SerialSession, serialSession, terminalText } from '../../../client/console/serialSession.ts';
import { connectConsole } from '../../../runtime/vm/console.ts';
import { QmpClient } from '../../../runtime/vm/qmp.ts';
import { tempFolder } from '../../support/tempProject.ts';

interface Shown {
  readonly session: SerialSession;
  text(): string;
  isClosed(): boolean;
  until(pattern: RegExp): Promise<void>;
}

async function until(isSo: () => boolean, what: () => string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!isSo()) {
    assert.ok(performance.now() < deadline, what());
    await delay(10);
  }
}

async function attach(socket: string): Promise<Shown> {
  let text = '';
  let isClosed = false;
  const session = serialSession(await connectConsole(socket), {
    connected: 'Connected to web',
    ended: 'The VM stopped. Press any key to close.',
    write(more) {
      text += more;
    },
    close() {
      isClosed = true;
    },
  });
  const shown = (pattern: RegExp) =>
    until(
      () => pattern.test(text),
      () => `no ${pattern} in ${JSON.stringify(text)}`,
    );
  return { session, text: () => text, isClosed: () => isClosed, until: shown };
}

/** Runs a test with a console whose other end behaves as told. */
async function withConsole(guest: (socket: Socket) => void, body: (path: string) => Promise<void>): Promise<void> {
  const folder = tempFolder();
  const path = join(folder.path, 'c');
  const server = createServer(guest);
  await new Promise<void>((done) => server.listen(path, done));
  try {
    await body(path);
  } finally {
    server.close();
    await folder.dispose();
  }
}

test('what the guest says before the terminal is open is shown when it is', () =>
  withConsole(
    (socket) => socket.write('early\r\n'),
    async (path) => {
      const shown = await attach(path);
      await delay(50);
      assert.equal(shown.text(), '');
      shown.session.open();
      await shown.until(/early\r\n$/);
      assert.match(shown.text(), /^Connected to web\r\nearly\r\n$/);
      shown.session.close();
    },
  ));

test('every key goes to the guest, Ctrl-C, Ctrl-] and escape sequences as well', () => {
  const got: Buffer[] = [];
  return withConsole(
    (socket) => socket.on('data', (bytes: Buffer) => got.push(bytes)),
    async (path) => {
      const { session } = await attach(path);
      session.open();
      const typed = 'ls ü\r\u0003\u001d\u001b[A\u007f';
      for (const key of typed) session.input(key);
      await until(
        () => Buffer.concat(got).length === Buffer.byteLength(typed),
        () => `${Buffer.concat(got)}`,
      );
      assert.equal(Buffer.concat(got).toString(), typed);
      session.close();
    },
  );
});

test('the end of the VM is said, also when it came before the terminal was open, and then any key closes', () =>
  withConsole(
    (socket) => socket.end('bye\r\n'),
    async (path) => {
      const shown = await attach(path);
      await delay(50);
      shown.session.open();
      await shown.until(/bye\r\n\r\nThe VM stopped\. Press any key to close\.\r\n$/);
      assert.equal(shown.session.isOver, true);
      assert.equal(shown.isClosed(), false);
      shown.session.input('x');
      assert.equal(shown.isClosed(), true);
    },
  ));

test('the console of a VM that was started again takes the place of the one that ended', async () => {
  const says = (text: string) => (socket: Socket) => socket.on('error', () => undefined).end(text);
  await withConsole(says('first boot\r\n'), async (path) => {
    const shown = await attach(path);
    shown.session.open();
    await shown.until(/first boot[\s\S]*The VM stopped/);
    shown.session.attach(await connectConsole(path));
    await shown.until(/The VM stopped[\s\S]*Connected to web[\s\S]*first boot[\s\S]*The VM stopped/);
    assert.equal(shown.isClosed(), false);
    shown.session.close();
    const late = await connectConsole(path);
    shown.session.attach(late);
    assert.equal(late.destroyed, true);
  });
});

test('closing the terminal lets go of the console, and says nothing more', () => {
  let isGone = false;
  return withConsole(
    (socket) => socket.on('close', () => (isGone = true)).resume(),
    async (path) => {
      const shown = await attach(path);
      shown.session.open();
      const before = shown.text();
      shown.session.close();
      await until(
        () => isGone && shown.session.isOver,
        () => 'still attached',
      );
      assert.equal(shown.text(), before);
    },
  );
});

test('a paste into a guest that reads nothing is not collected for ever', () =>
  withConsole(
    (socket) => socket.pause(),
    async (path) => {
      const shown = await attach(path);
      shown.session.open();
      for (let count = 0; count < 100; count++) shown.session.input('x'.repeat(65_536));
      assert.equal(shown.text().at(-1), '\u0007');
      shown.session.close();
    },
  ));

test('a line feed gets the return that it lacks, wherever the bytes are cut, and so do characters hold together', () => {
  const bytes = Buffer.from('a\r\nb\nc\n\n€\r\n');
  for (let cut = 0; cut <= bytes.length; cut++) {
    const show = terminalText();
    const shown = show(bytes.subarray(0, cut)) + show(bytes.subarray(cut));
    assert.equal(shown, 'a\r\nb\r\nc\r\n\r\n€\r\n', `cut at ${cut}`);
  }
});

test('a guest of a real QEMU reboots under it, and the end of QEMU ends it', async () => {
  const folder = tempFolder();
  const at = (name: string) => join(folder.path, name);
  const socket = (id: string) => `socket,id=${id},path=${at(id)},server=on,wait=off`;
  const machine = ['-accel', 'tcg', '-machine', 'pc,graphics=off', '-m', '32', '-display', 'none', '-nodefaults', '-S'];
  const qemu = spawn(
    'qemu-system-x86_64',
    [
      ...[...machine, '-pidfile', at('web.pid'), '-chardev', socket('console0'), '-serial', 'chardev:console0'],
      ...['-chardev', socket('qmp'), '-mon', 'chardev=qmp,mode=control'],
    ],
    { stdio: 'ignore' },
  );
  try {
    const qmp = await connectSoon(() => QmpClient.connect(at('qmp'), { timeoutMs: 5000 }));
    const shown = await attach(at('console0'));
    shown.session.open();
    await qmp.execute('cont');
    await shown.until(/SeaBIOS/);
    const boots = () => shown.text().match(/SeaBIOS \(/g)?.length ?? 0;
    const before = boots();
    await qmp.execute('system_reset');
    await until(() => boots() > before, shown.text);
    assert.equal(shown.session.isOver, false);
    await qmp.execute('quit');
    await shown.until(/The VM stopped\. Press any key/);
    qmp.close();
  } finally {
    qemu.kill('SIGKILL');
    await folder.dispose();
  }
});

/** QEMU makes its sockets some milliseconds after it was started. */
async function connectSoon<Value>(connect: () => Promise<Value>): Promise<Value> {
  for (let tries = 0; ; tries++) {
    try {
      return await connect();
    } catch (error) {
      if (tries === 200) throw error;
      await delay(50);
    }
  }
}
