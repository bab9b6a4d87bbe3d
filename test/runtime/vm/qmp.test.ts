import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { QmpClient, type QmpConnectOptions, QmpError, type QmpEvent } from '../../../runtime/vm/qmp.ts';
import { startFake } from '../../support/fakeVm.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

const GREETING = '{"QMP": {"version": {}, "capabilities": []}}\r\n';

interface Request {
  readonly execute: string;
  readonly id: number;
}

describe('QmpClient', () => {
  let folder: TempFolder;
  let sockets = 0;
  const servers: Server[] = [];
  before(() => {
    folder = tempFolder();
  });
  after(async () => {
    for (const server of servers) server.close();
    await folder.dispose();
  });

  /** A QMP server that does what a test says; by default it negotiates and answers nothing more. */
  async function serve(
    onRequest: (request: Request, socket: Socket) => void,
    onConnect: (socket: Socket) => void = (socket) => socket.write(GREETING),
  ): Promise<string> {
    const path = join(folder.path, `${sockets++}.qmp`);
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.setEncoding('utf8').on('data', (text) => {
        for (const line of String(text).trim().split('\n')) {
          const request: Request = JSON.parse(line);
          if (request.execute === 'qmp_capabilities') socket.write(`{"return": {}, "id": ${request.id}}\r\n`);
          else onRequest(request, socket);
        }
      });
      onConnect(socket);
    }).listen(path);
    servers.push(server);
    await once(server, 'listening');
    return path;
  }

  const say = (what: string) => (_: Request, socket: Socket) => void socket.write(what);

  async function failure(work: Promise<unknown>): Promise<QmpError> {
    const error = await work.then(
      () => assert.fail('it did not fail'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof QmpError, String(error));
    return error;
  }

  async function failedExchange(reply: string): Promise<QmpError> {
    const client = await QmpClient.connect(await serve(say(reply)), { timeoutMs: 300 });
    const error = await failure(client.execute('query-status'));
    client.close();
    return error;
  }

  async function failedConnect(
    onConnect: (socket: Socket) => void,
    options: QmpConnectOptions = {},
  ): Promise<QmpError> {
    return failure(QmpClient.connect(await serve(() => undefined, onConnect), { timeoutMs: 200, ...options }));
  }

  test('greets, negotiates and gives the return value of a command', async () => {
    const path = await serve(({ id, execute }, socket) =>
      socket.write(`${JSON.stringify({ return: { echo: execute }, id })}\r\n`),
    );
    const client = await QmpClient.connect(path);
    assert.deepEqual(await client.execute('query-status'), { echo: 'query-status' });
    client.close();
    await client.closed;
  });

  test('gives each command the reply with its id, whatever their order', async () => {
    const held: Request[] = [];
    const path = await serve((request, socket) => {
      held.unshift(request);
      if (held.length < 3) return;
      for (const { id, execute } of held) socket.write(`${JSON.stringify({ return: execute, id })}\n`);
    });
    const client = await QmpClient.connect(path);
    const replies = await Promise.all(['a', 'b', 'c'].map((command) => client.execute(command)));
    assert.deepEqual(replies, ['a', 'b', 'c']);
    client.close();
  });

  test('hands events on, also between a command and its reply', async () => {
    const events: QmpEvent[] = [];
    const path = await serve(({ id }, socket) =>
      socket.write(`{"event": "STOP"}\r\n{"event": "X", "data": {"a": 1}}\r\n{"return": 7, "id": ${id}}\r\n`),
    );
    const client = await QmpClient.connect(path, { onEvent: (event) => events.push(event) });
    assert.equal(await client.execute('stop'), 7);
    assert.deepEqual(events, [
      { event: 'STOP', data: {} },
      { event: 'X', data: { a: 1 } },
    ]);
    client.close();
  });

  test('reads a message that comes in pieces, within a character even', async () => {
    const path = await serve(async ({ id }, socket) => {
      const bytes = Buffer.from(`{"return": "größe", "id": ${id}}\r\n`);
      for (const byte of bytes) {
        socket.write(Buffer.of(byte));
        await new Promise((done) => setImmediate(done));
      }
    });
    const client = await QmpClient.connect(path);
    assert.equal(await client.execute('x'), 'größe');
    client.close();
  });

  test("rejects a refused command with QEMU's words and stays usable", async () => {
    const path = await serve(({ id, execute }, socket) =>
      socket.write(
        execute === 'bad'
          ? `{"error": {"class": "CommandNotFound", "desc": "The command bad has not been found"}, "id": ${id}}\n`
          : `{"return": 1, "id": ${id}}\n`,
      ),
    );
    const client = await QmpClient.connect(path);
    const error = await failure(client.execute('bad'));
    assert.deepEqual([error.reason, error.message], ['failed', 'The command bad has not been found']);
    assert.equal(await client.execute('good'), 1);
    client.close();
  });

  test('takes an error without an id for the answer to the oldest command', async () => {
    assert.equal((await failedExchange('{"error": {"desc": "JSON parse error"}}\n')).message, 'JSON parse error');
  });

  for (const garbage of ['SSH-2.0-OpenSSH\r\n', '42\n', 'null\n', '"text"\n', '{"return": \n']) {
    test(`fails on ${JSON.stringify(garbage)}, which is not QMP`, async () => {
      const error = await failedExchange(garbage);
      assert.deepEqual([error.reason, error.message], ['failed', 'the socket does not speak QMP']);
    });
  }

  test('does not take an array for a reply', async () => {
    assert.equal((await failedExchange('[{"return": 1}]\n')).message, 'the socket does not speak QMP');
  });

  test('fails on a line that never ends', async () => {
    const error = await failedExchange('x'.repeat(3 << 20));
    assert.deepEqual([error.reason, error.message], ['failed', 'a QMP line never ends']);
  });

  test('fails when a command gets no answer in time', async () => {
    const error = await failedExchange('');
    assert.deepEqual([error.reason, error.message], ['failed', 'no answer to query-status within 300 ms']);
  });

  test('fails when somebody takes the connection but never greets', async () => {
    const error = await failedConnect(() => undefined);
    assert.deepEqual([error.reason, error.message], ['failed', 'no answer to the greeting within 200 ms']);
  });

  test('waits longer for the greeting than for replies when it is told to', async () => {
    const path = await serve(
      () => undefined,
      (socket) => void setTimeout(() => socket.write(GREETING), 300),
    );
    const client = await QmpClient.connect(path, { timeoutMs: 150, greetingTimeoutMs: 10_000 });
    client.close();
  });

  test('is unavailable when nobody serves the socket', async () => {
    assert.equal((await failure(QmpClient.connect(join(folder.path, 'none.qmp')))).reason, 'unavailable');
  });

  test('is unavailable when QEMU closes the connection, before the greeting or later', async () => {
    assert.equal((await failedConnect((socket) => socket.end())).reason, 'unavailable');
    const client = await QmpClient.connect(await serve((_, socket) => socket.destroy()));
    assert.equal((await failure(client.execute('quit'))).reason, 'unavailable');
    await client.closed;
    assert.equal((await failure(client.execute('quit'))).reason, 'unavailable');
  });

  test('connectWhenListening waits until the socket appears', async () => {
    const path = join(folder.path, 'late.qmp');
    const connecting = QmpClient.connectWhenListening(path, { signal: AbortSignal.timeout(10_000) });
    const server = createServer((socket) => {
      socket.on('data', () => socket.write('{"return": {}, "id": 1}\n'));
      socket.write(GREETING);
    });
    setTimeout(() => server.listen(path), 50);
    (await connecting).close();
    server.close();
  });

  test('connectWhenListening gives up when its signal aborts', async () => {
    const path = join(folder.path, 'never.qmp');
    await failure(QmpClient.connectWhenListening(path, { signal: AbortSignal.timeout(50) }));
    const silent = await serve(
      () => undefined,
      () => undefined,
    );
    await failure(QmpClient.connectWhenListening(silent, { timeoutMs: 60_000, signal: AbortSignal.timeout(50) }));
    await failure(QmpClient.connectWhenListening(silent, { timeoutMs: 60_000, signal: AbortSignal.abort() }));
  });

  test('a session outlives the signal of the attempt to connect', async () => {
    const connecting = new AbortController();
    const path = await serve(({ id }, socket) => socket.write(`{"return": 1, "id": ${id}}\n`));
    const client = await QmpClient.connect(path, { signal: connecting.signal });
    connecting.abort();
    assert.equal(await client.execute('query-status'), 1);
    client.close();
  });

  test('the second client of one socket is greeted when the first has gone', async () => {
    const first = await startFake(folder.path);
    const path = join(folder.path, 'web.qmp');
    const blocked = await failure(QmpClient.connect(path, { timeoutMs: 100 }));
    assert.deepEqual([blocked.reason, blocked.message], ['failed', 'no answer to the greeting within 100 ms']);
    const second = QmpClient.connect(path, { timeoutMs: 10_000 });
    first.qmp.close();
    const client = await second;
    assert.deepEqual(await client.execute('query-name'), { name: 'web' });
    client.close();
  });
});
