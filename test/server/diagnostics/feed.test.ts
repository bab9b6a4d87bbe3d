import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type LspClient, type LspClientOptions, startClient } from '../../support/lspClient.ts';

const URI = 'file:///srv/demo/castra.toml';
const VM = 'version = "0.2.0"\n[project]\nname = "demo"\n[[vms]]\nname = "web"\n';
const PULL = { textDocument: { diagnostic: {} } };
const REFRESH = { ...PULL, workspace: { diagnostics: { refreshSupport: true } } };

interface Report {
  readonly uri?: string;
  readonly items: readonly Shown[];
}

interface Shown {
  readonly code: string;
  readonly severity: number;
  readonly message: string;
  readonly range: { readonly start: Place; readonly end: Place };
}

interface Place {
  readonly line: number;
  readonly character: number;
}

interface Published {
  readonly uri: string;
  readonly diagnostics: readonly Shown[];
}

const codes = ({ items }: Report) => items.map(({ code }) => code);

async function start(t: TestContext, options: LspClientOptions): Promise<LspClient> {
  const client = startClient(t);
  await client.initialize(options);
  return client;
}

const pull = (client: LspClient, uri = URI) =>
  client.request<Report>('textDocument/diagnostic', { textDocument: { uri } });

const published = (client: LspClient, uri = URI) =>
  client.next<Published>('textDocument/publishDiagnostics', (one) => one.uri === uri);

const insertion = (line: number, character: number, text: string) => {
  const place = { line, character };
  return [{ range: { start: place, end: place }, text }];
};

describe('what waits while a line is being typed', () => {
  it('is published on its own after a pause', async (t) => {
    const client = await start(t, {});
    const opened = published(client);
    client.open(URI, VM);
    await opened;
    const typed = published(client);
    client.change(URI, 2, insertion(5, 0, 'cpus = '));
    assert.deepEqual((await typed).diagnostics, []);
    const { diagnostics } = await published(client);
    assert.deepEqual(
      diagnostics.map(({ code }) => code),
      ['toml/missing-value'],
    );
    await client.stop();
  });

  it('is asked for again by a client that pulls', async (t) => {
    const client = await start(t, { capabilities: REFRESH });
    client.open(URI, VM);
    assert.deepEqual(codes(await pull(client)), []);
    const asked = client.next('workspace/diagnostic/refresh');
    client.change(URI, 2, insertion(5, 0, 'cpus = '));
    assert.deepEqual(codes(await pull(client)), []);
    await asked;
    assert.deepEqual(codes(await pull(client)), ['toml/missing-value']);
    await client.stop();
  });

  it('does not wait for a client that cannot be asked to pull again', async (t) => {
    const client = await start(t, { capabilities: PULL });
    client.open(URI, VM);
    client.change(URI, 2, insertion(5, 0, 'cpus = '));
    assert.deepEqual(codes(await pull(client)), ['toml/missing-value']);
    await client.stop();
  });
});

describe('a text under the version number of another', () => {
  const wrong = `${VM}cpus = 0\n`;

  it('counts when the document is opened a second time', async (t) => {
    const client = await start(t, { capabilities: PULL });
    client.open(URI, VM);
    assert.deepEqual(codes(await pull(client)), []);
    client.open(URI, wrong);
    assert.deepEqual(codes(await pull(client)), ['config/out-of-range']);
    await client.stop();
  });

  for (const [title, version] of [
    ['the same', 1],
    ['no', null],
  ] as const) {
    it(`counts when a change has ${title} version`, async (t) => {
      const client = await start(t, { capabilities: PULL });
      client.open(URI, VM);
      assert.deepEqual(codes(await pull(client)), []);
      client.notify('textDocument/didChange', {
        textDocument: { uri: URI, version },
        contentChanges: [{ text: wrong }],
      });
      assert.deepEqual(codes(await pull(client)), ['config/out-of-range']);
      await client.stop();
    });
  }
});

describe('a document of another scheme', () => {
  const git = 'git:/srv/demo/castra.toml?ref';
  const unsaved = 'untitled:castra.toml';

  it('has no findings for a client that pulls', async (t) => {
    const client = await start(t, { capabilities: PULL });
    client.open(git, `${VM}cpus = 0\n`);
    client.open(unsaved, `${VM}cpus = 0\n`);
    assert.deepEqual(codes(await pull(client, git)), []);
    assert.deepEqual(codes(await pull(client, unsaved)), ['config/out-of-range']);
    const { items } = await client.request<Report>('workspace/diagnostic', { previousResultIds: [] });
    assert.deepEqual(
      items.map((item) => (item as unknown as { uri: string }).uri),
      [unsaved],
    );
    await client.stop();
  });

  it('has none for a client that does not', async (t) => {
    const client = await start(t, {});
    const last = published(client, unsaved);
    client.open(git, `${VM}cpus = 0\n`);
    client.open(unsaved, `${VM}cpus = 0\n`);
    assert.equal((await last).diagnostics.length, 1);
    assert.equal(client.received.filter(({ params }) => (params as Published | undefined)?.uri === git).length, 0);
    await client.stop();
  });
});

describe('a folder that is deleted', () => {
  it('takes the findings of its closed files along, though the client reports nothing', async (t) => {
    const root = mkdtempSync(join(tmpdir(), 'castra-feed-'));
    t.after(() => rmSync(root, { recursive: true, force: true }));
    for (const name of ['one', 'two']) {
      mkdirSync(join(root, name));
      writeFileSync(join(root, name, 'castra.toml'), `${VM}cpus = 0\n`);
    }
    const capabilities = {
      textDocument: { diagnostic: {} },
      workspace: { didChangeWatchedFiles: { dynamicRegistration: true } },
    };
    const client = await start(t, { capabilities, workspaceFolders: [{ uri: pathToFileURL(root).href, name: 'w' }] });
    const uriOf = (name: string) => pathToFileURL(join(root, name, 'castra.toml')).href;
    const ask = async (previousResultIds: readonly unknown[]) =>
      (
        await client.request<{ items: readonly { uri: string; resultId?: string; items?: readonly unknown[] }[] }>(
          'workspace/diagnostic',
          { previousResultIds },
        )
      ).items;
    const first = await ask([]);
    assert.deepEqual(first.map(({ uri }) => uri).sort(), [uriOf('one'), uriOf('two')]);
    rmSync(join(root, 'one'), { recursive: true });
    const second = await ask(first.map(({ uri, resultId }) => ({ uri, value: resultId })));
    assert.deepEqual(second.find(({ uri }) => uri === uriOf('one'))?.items, []);
    await client.stop();
  });
});

describe('a text with lone carriage returns', () => {
  it('has its findings where an editor has the lines', async (t) => {
    const client = await start(t, { capabilities: PULL });
    const text = 'version = "0.2.0"\r[project]\r';
    client.open(URI, `${VM}${text}`);
    const lines = `${VM}${text}`.split(/\r\n|\r|\n/);
    const { items } = await pull(client);
    assert.ok(items.length > 0);
    for (const { range } of items) {
      for (const { line, character } of [range.start, range.end]) {
        assert.ok(character <= (lines[line]?.length ?? -1), `${line}:${character}`);
      }
    }
    assert.ok(items.some(({ range }) => range.start.line >= 5));
    await client.stop();
  });
});

describe('a file that has just begun', () => {
  for (const [title, text] of [
    ['empty', ''],
    ['with a comment', '# My VMs\n'],
    ['without VMs', '[project]\nname = "demo"\n'],
  ]) {
    it(`has one information when it is ${title}`, async (t) => {
      const client = await start(t, { capabilities: PULL });
      client.open(URI, text ?? '');
      const { items } = await pull(client);
      assert.deepEqual(
        items.map(({ code, severity }) => `${code} ${severity}`),
        ['config/missing-key 3'],
      );
      await client.stop();
    });
  }

  it('has errors once it has a VM', async (t) => {
    const client = await start(t, { capabilities: PULL });
    client.open(URI, '[[vms]]\nname = "web"\n');
    assert.deepEqual(
      (await pull(client)).items.map(({ message, severity }) => `${severity} ${/`(\w+)`/.exec(message)?.[1]}`),
      ['1 version', '1 project'],
    );
    await client.stop();
  });
});
