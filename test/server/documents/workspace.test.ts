import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type LspClient, startClient } from '../../support/lspClient.ts';

const GOOD = 'version = "0.2.0"\n[project]\nname = "demo"\n[[vms]]\nname = "web"\n';
const WATCHED = { workspace: { didChangeWatchedFiles: { dynamicRegistration: true }, workspaceFolders: true } };

interface Report {
  readonly kind: string;
  readonly uri: string;
  readonly version: number | null;
  readonly resultId?: string;
  readonly items?: readonly { readonly code: string }[];
}

interface Published {
  readonly diagnostics: readonly { readonly code: string; readonly severity: number }[];
}

describe('the language server in a workspace', () => {
  let root = '';
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'castra-workspace-')));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const uri = (path: string) => pathToFileURL(join(root, path)).href;
  const write = (path: string, text: string) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const start = async (t: TestContext, capabilities: Readonly<Record<string, unknown>>) => {
    const client = startClient(t);
    const registered = client.next<{ registrations: { method: string; registerOptions: unknown }[] }>(
      'client/registerCapability',
    );
    await client.initialize({ capabilities, workspaceFolders: [{ uri: pathToFileURL(root).href, name: 'w' }] });
    return { client, registered };
  };
  const changed = (client: LspClient, path: string, type: number) =>
    client.notify('workspace/didChangeWatchedFiles', { changes: [{ uri: uri(path), type }] });
  const ask = async (client: LspClient, previousResultIds: readonly unknown[] = []) =>
    (await client.request<{ items: readonly Report[] }>('workspace/diagnostic', { previousResultIds })).items;

  it('asks to be told about projects, scripts and images', async (t) => {
    const { client, registered } = await start(t, WATCHED);
    const [registration] = (await registered).registrations;
    assert.equal(registration?.method, 'workspace/didChangeWatchedFiles');
    assert.deepEqual(registration?.registerOptions, {
      watchers: [
        { globPattern: '**/castra.toml' },
        { globPattern: '**/bootstrap.toml' },
        { globPattern: '**/bootstrap/**', kind: 5 },
        { globPattern: '**/*.qcow2', kind: 5 },
      ],
    });
    await client.stop();
  });

  it('publishes what the text says at once, and again when a file turns out to be missing, comes, or goes', async (t) => {
    const { client } = await start(t, WATCHED);
    const published: string[][] = [];
    const next = (count: number) =>
      client.next<Published>('textDocument/publishDiagnostics', () => published.length >= count);
    void client.next<Published>('textDocument/publishDiagnostics', ({ diagnostics }) => {
      published.push(diagnostics.map(({ code, severity }) => `${code} ${severity}`));
      return false;
    });
    const second = next(2);
    client.open(uri('castra.toml'), `${GOOD}base_image = "a.qcow2"\ncpus = 0\n`);
    await second;
    const third = next(3);
    write('a.qcow2', '');
    changed(client, 'a.qcow2', 1);
    await third;
    const fourth = next(4);
    rmSync(join(root, 'a.qcow2'));
    changed(client, 'a.qcow2', 3);
    await fourth;
    const [text, both] = [['config/out-of-range 1'], ['config/missing-file 2', 'config/out-of-range 1']];
    assert.deepEqual(published, [text, both, text, both]);
    await client.stop();
  });

  it('publishes once when the disk has nothing to add', async (t) => {
    write('a.qcow2', '');
    const { client } = await start(t, WATCHED);
    client.open(uri('castra.toml'), `${GOOD}base_image = "a.qcow2"\n`);
    // Links wait for the same look at the disk; what follows from it comes before the next answer.
    const links = () =>
      client.request<unknown[]>('textDocument/documentLink', { textDocument: { uri: uri('castra.toml') } });
    assert.equal((await links()).length, 1);
    changed(client, 'bootstrap/web-0/run.sh', 1);
    for (let round = 0; round < 3; round++) await links();
    const published = client.received.filter(({ method }) => method === 'textDocument/publishDiagnostics');
    assert.equal(published.length, 1);
    await client.stop();
  });

  it('answers for an open document with an id, and `unchanged` until its findings change', async (t) => {
    const { client } = await start(t, { ...WATCHED, textDocument: { diagnostic: {} } });
    client.open(uri('castra.toml'), `${GOOD}base_image = "a.qcow2"\n`);
    const pull = (previousResultId?: string) =>
      client.request<Report>('textDocument/diagnostic', {
        textDocument: { uri: uri('castra.toml') },
        ...(previousResultId ? { previousResultId } : {}),
      });
    const first = await pull();
    assert.deepEqual([first.kind, first.items?.map(({ code }) => code)], ['full', ['config/missing-file']]);
    const second = await pull(first.resultId);
    assert.deepEqual([second.kind, second.resultId], ['unchanged', first.resultId]);
    write('a.qcow2', '');
    changed(client, 'a.qcow2', 1);
    const third = await pull(first.resultId);
    assert.deepEqual([third.kind, third.items], ['full', []]);
    await client.stop();
  });

  it('asks for a refresh when files change, but not for the echo of a save', async (t) => {
    const { workspace } = WATCHED;
    const capabilities = { workspace: { ...workspace, diagnostics: { refreshSupport: true } } };
    const { client } = await start(t, { ...capabilities, textDocument: { diagnostic: {} } });
    client.open(uri('castra.toml'), GOOD);
    changed(client, 'castra.toml', 2);
    await ask(client);
    assert.ok(client.received.every(({ method }) => method !== 'workspace/diagnostic/refresh'));
    const refreshed = client.next('workspace/diagnostic/refresh');
    changed(client, 'bootstrap/web-0/run.sh', 1);
    await refreshed;
    await client.stop();
  });

  it('lives on when the client refuses to watch and to refresh', async (t) => {
    const client = startClient(t);
    for (const method of ['client/registerCapability', 'workspace/diagnostic/refresh'])
      client.answers.set(method, () => assert.fail('not today'));
    const { workspace } = WATCHED;
    const capabilities = { workspace: { ...workspace, diagnostics: { refreshSupport: true } } };
    const refreshed = client.next('workspace/diagnostic/refresh');
    await client.initialize({ capabilities: { ...capabilities, textDocument: { diagnostic: {} } } });
    changed(client, 'a.qcow2', 1);
    await refreshed;
    assert.deepEqual(await ask(client), []);
    assert.equal(await client.stop(), 0);
  });

  it('reports projects that are not open, says which are unchanged, and clears those that are gone', async (t) => {
    write('a/castra.toml', GOOD.replace('"web"', '"Web"'));
    write('b/castra.toml', GOOD);
    const { client } = await start(t, { ...WATCHED, textDocument: { diagnostic: {} } });
    client.open(uri('b/castra.toml'), `${GOOD}cpus = 0\n`, 3);
    const first = await ask(client);
    const show = (reports: readonly Report[]) =>
      reports
        .map(({ uri: at, kind, version, items }) => [at, kind, version, ...(items ?? []).map(({ code }) => code)])
        .sort();
    assert.deepEqual(show(first), [
      [uri('a/castra.toml'), 'full', null, 'config/invalid-vm-name'],
      [uri('b/castra.toml'), 'full', 3, 'config/out-of-range'],
    ]);
    const ids = first.map(({ uri: at, resultId }) => ({ uri: at, value: resultId }));
    assert.deepEqual(
      (await ask(client, ids)).map(({ kind }) => kind),
      ['unchanged', 'unchanged'],
    );
    write('a/castra.toml', GOOD);
    changed(client, 'a/castra.toml', 2);
    client.notify('textDocument/didClose', { textDocument: { uri: uri('b/castra.toml') } });
    const second = await ask(client, ids);
    assert.deepEqual(show(second), [
      [uri('a/castra.toml'), 'full', null],
      [uri('b/castra.toml'), 'full', null],
    ]);
    rmSync(join(root, 'a/castra.toml'));
    changed(client, 'a/castra.toml', 3);
    const third = await ask(
      client,
      second.map(({ uri: at, resultId }) => ({ uri: at, value: resultId })),
    );
    assert.deepEqual(show(third), [
      [uri('a/castra.toml'), 'full', null],
      [uri('b/castra.toml'), 'unchanged', null],
    ]);
    await client.stop();
  });

  it('answers for URIs that are no path of this system', async (t) => {
    const client = startClient(t);
    const workspaceFolders = [
      { uri: 'file://host/share', name: 'a' },
      { uri: 'file:///%zz', name: 'b' },
    ];
    await client.initialize({ capabilities: { ...WATCHED, textDocument: { diagnostic: {} } }, workspaceFolders });
    client.open('file://host/share/castra.toml', `${GOOD}cpus = 0\n`);
    client.open('untitled:castra.toml', `${GOOD}cpus = 0\nbase_image = "a"\n`);
    const reports = await ask(client);
    assert.deepEqual(
      reports.map(({ uri: at, items }) => [at, ...(items ?? []).map(({ code }) => code)]),
      [
        ['file://host/share/castra.toml', 'config/out-of-range'],
        ['untitled:castra.toml', 'config/out-of-range'],
      ],
    );
    await client.stop();
  });

  it('follows folders that are added and removed', async (t) => {
    const other = realpathSync(mkdtempSync(join(tmpdir(), 'castra-workspace-')));
    t.after(() => rmSync(other, { recursive: true, force: true }));
    writeFileSync(join(other, 'castra.toml'), GOOD);
    const { client } = await start(t, { ...WATCHED, textDocument: { diagnostic: {} } });
    assert.deepEqual(await ask(client), []);
    const folder = { uri: pathToFileURL(other).href, name: 'other' };
    client.notify('workspace/didChangeWorkspaceFolders', { event: { added: [folder], removed: [] } });
    assert.equal((await ask(client)).length, 1);
    client.notify('workspace/didChangeWorkspaceFolders', { event: { added: [], removed: [folder] } });
    assert.equal((await ask(client)).length, 0);
    await client.stop();
  });
});
