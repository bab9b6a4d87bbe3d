import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { describe, it } from 'node:test';
import { type LspClient, type Message, SERVER, startClient } from '../../support/lspClient.ts';

const ONE = 'file:///srv/one/castra.toml';
const TWO = 'file:///srv/two/castra.toml';
const text = (vm: string) => `version = "0.2.0"\n[project]\nname = "demo"\n[[vms]]\nname = ${vm}\n`;

const REQUEST_CANCELLED = -32800;

interface Published {
  readonly uri: string;
  readonly version?: number;
  readonly diagnostics: readonly {
    readonly code: string;
    readonly range: { readonly start: { readonly character: number }; readonly end: { readonly character: number } };
  }[];
}

/** What is told of a document next, as codes. */
async function told(client: LspClient, uri: string, act: () => void): Promise<readonly string[]> {
  const next = client.next<Published>('textDocument/publishDiagnostics', (published) => published.uri === uri);
  act();
  return (await next).diagnostics.map(({ code }) => code);
}

const symbols = (client: LspClient, uri: string) =>
  client.request<readonly { readonly name: string }[]>('textDocument/documentSymbol', { textDocument: { uri } });

describe('the protocol', () => {
  it('has an error for a request without sense, tells it once, and the server lives on', async (t) => {
    const client = startClient(t);
    await client.initialize();
    await told(client, ONE, () => client.open(ONE, text('"web"')));
    for (let attempt = 0; attempt < 3; attempt++) {
      await assert.rejects(client.request('textDocument/hover', { textDocument: { uri: ONE } }), /^Error: hover: /);
    }
    assert.equal((await symbols(client, ONE)).length > 0, true);
    const logs = client.received.filter(({ method }) => method === 'window/logMessage');
    assert.equal(logs.length, 1);
    assert.equal(await client.stop(), 0);
  });

  it('drops what was cancelled', async (t) => {
    const client = startClient(t);
    await client.initialize({ capabilities: { textDocument: { diagnostic: {} } } });
    client.open(ONE, text('"web"').repeat(500));
    const params = { textDocument: { uri: ONE } };
    const answers = Array.from({ length: 5 }, () =>
      client.request('textDocument/diagnostic', params, (id) =>
        setImmediate(() => client.notify('$/cancelRequest', { id })),
      ),
    );
    const codes = (await Promise.allSettled(answers)).map((answer) =>
      answer.status === 'rejected' ? (answer.reason as { code: number }).code : 'answered',
    );
    assert.ok(codes.includes(REQUEST_CANCELLED), String(codes));
    assert.ok((await symbols(client, ONE)).length > 0);
    await client.stop();
  });

  it('counts bytes when the client prefers UTF-8', async (t) => {
    const client = startClient(t);
    const { capabilities } = await client.initialize({
      capabilities: { general: { positionEncodings: ['utf-8', 'utf-16'] } },
    });
    assert.equal(capabilities.positionEncoding, 'utf-8');
    const next = client.next<Published>('textDocument/publishDiagnostics');
    client.open(ONE, `${text('"web"')}"é😀" = 1\n`);
    const [unknown] = (await next).diagnostics;
    assert.deepEqual([unknown?.range.start.character, unknown?.range.end.character], [0, 8]);
    await client.stop();
  });

  it('reads edits in bytes then, each in the text that the one before it made', async (t) => {
    const client = startClient(t);
    await client.initialize({ capabilities: { general: { positionEncodings: ['utf-8'] } } });
    await told(client, ONE, () => client.open(ONE, `${text('"web"')}description = ""`));
    const at = (character: number) => ({ start: { line: 5, character }, end: { line: 5, character } });
    const changes = [
      { range: at(15), text: 'é😀' },
      { range: at(21), text: '日' },
      { range: at(25), text: '\ncpus = 0 # ok' },
    ];
    assert.deepEqual(await told(client, ONE, () => client.change(ONE, 2, changes)), ['config/out-of-range']);
    await client.stop();
  });

  it('counts UTF-16 code units when the client says nothing, and reads edits so', async (t) => {
    const client = startClient(t);
    const { capabilities } = await client.initialize();
    assert.equal(capabilities.positionEncoding, 'utf-16');
    await told(client, ONE, () => client.open(ONE, `${text('"web"')}description = "😀 ok`));
    const end = { line: 5, character: 20 };
    const codes = await told(client, ONE, () => client.change(ONE, 2, [{ range: { start: end, end }, text: '"\n' }]));
    assert.deepEqual(codes, []);
    await client.stop();
  });

  it('keeps documents apart, forgets one that is closed, and knows it anew when it is opened again', async (t) => {
    const client = startClient(t);
    await client.initialize();
    assert.deepEqual(await told(client, ONE, () => client.open(ONE, text('"web"'))), []);
    assert.deepEqual(await told(client, TWO, () => client.open(TWO, text(''))), ['toml/missing-value']);
    const whole = [{ text: text('') }];
    assert.deepEqual(await told(client, ONE, () => client.change(ONE, 2, whole)), ['toml/missing-value']);
    assert.deepEqual(
      await told(client, TWO, () => client.notify('textDocument/didClose', { textDocument: { uri: TWO } })),
      [],
    );
    assert.equal(await symbols(client, TWO).then((found) => found?.length ?? 0), 0);
    // The same version as before, with another text.
    assert.deepEqual(await told(client, TWO, () => client.open(TWO, text('"db"'))), []);
    assert.ok((await symbols(client, TWO)).length > 0);
    await client.stop();
  });

  it('can also be spoken over IPC, as VS Code does', async (t) => {
    const server = fork(SERVER, ['--node-ipc'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    t.after(() => server.kill('SIGKILL'));
    const answer = (id: number) =>
      new Promise<Message>((done) => server.on('message', (message: Message) => message.id === id && done(message)));
    const initialized = answer(1);
    server.send({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { processId: process.pid, rootUri: null, capabilities: {} },
    });
    const { result } = await initialized;
    assert.ok((result as { capabilities: { hoverProvider?: unknown } }).capabilities.hoverProvider);
    const ended = new Promise((done) => server.once('exit', done));
    const down = answer(2);
    server.send({ jsonrpc: '2.0', id: 2, method: 'shutdown' });
    await down;
    server.send({ jsonrpc: '2.0', method: 'exit' });
    assert.equal(await ended, 0);
  });
});
