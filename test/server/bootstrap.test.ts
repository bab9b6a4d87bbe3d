import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type {
  CompletionList,
  Hover,
  Location,
  Diagnostic as LspDiagnostic,
  WorkspaceEdit,
} from 'vscode-languageserver';
import { propose } from '../../server/features/completion/complete.ts';
import { documentSymbols } from '../../server/features/documentSymbols.ts';
import { foldingRanges } from '../../server/features/folding.ts';
import { explain } from '../../server/features/hover/explain.ts';
import { inlayHints } from '../../server/features/inlayHints.ts';
import { rename } from '../../server/features/rename.ts';
import { selectionRange } from '../../server/features/selectionRanges.ts';
import { findTokens, semanticTokens } from '../../server/features/semanticTokens.ts';
import { ALL_HINTS } from '../../server/inlaySettings.ts';
import { findTargets } from '../../server/text/pathStrings.ts';
import { analysisOf } from '../support/analysis.ts';
import { mentionsIn } from '../support/analyzed.ts';
import { chosen, labelsAt, RICH } from '../support/completions.ts';
import { startClient } from '../support/lspClient.ts';
import { cursor } from '../support/marks.ts';

const PATH = '/srv/demo/bootstrap/web/bootstrap.toml';
const labels = (marked: string) => labelsAt(marked, RICH, PATH);

const WHOLE = `# How web is set up.
handshake_identity = "web"
handshake_timeout_secs = 60
remote_dir = "/opt/setup"
env = { A = "1" }
[verify]
command = "true"
[ssh]
identity = "keys/id"
options = [
  "BatchMode=yes",
]
`;

describe('a bootstrap.toml in the editor', () => {
  it('is offered its own keys and tables, and none of castra.toml', async () => {
    assert.deepEqual((await labels('|')).toSorted(), [
      '[[steps]]',
      '[env]',
      '[ssh]',
      '[verify]',
      'handshake_identity',
      'handshake_timeout_secs',
      'remote_dir',
    ]);
    assert.deepEqual((await labels('[verify]\n|')).toSorted(), ['[[steps]]', '[env]', '[ssh]', 'command', 'path']);
    assert.deepEqual((await labels('[|')).toSorted(), ['[[steps]]', '[env]', '[ssh]', '[verify]']);
    const ofStep = await labels('[[steps]]\nname = "a"\n|');
    for (const key of ['run', 'payload', 'reboot', 'needs']) assert.ok(ofStep.includes(key), key);
    assert.equal(await chosen('remo|', 'remote_dir', RICH, PATH), 'remote_dir = "$1"');
    assert.deepEqual(await labels('remote_dir = |'), ['/tmp/castra-bootstrap']);
  });

  it('explains its keys in the words of its own schema', () => {
    const words = (marked: string) => {
      const { text, offset } = cursor(marked);
      return explain(analysisOf(text, PATH), offset);
    };
    const folder = words('remote_|dir = "/x"')?.paragraphs.join('\n') ?? '';
    assert.match(folder, /is deleted first/);
    assert.equal(words('[ssh]\nident|ity = "id"')?.path?.absolute, '/srv/demo/bootstrap/web/id');
    assert.equal(words('na|me = "x"'), undefined);
  });

  it('has links to its SSH key', () => {
    const targets = findTargets(analysisOf(WHOLE, PATH)).map(({ target }) => target);
    assert.deepEqual(targets, [{ kind: 'path', path: '/srv/demo/bootstrap/web/keys/id' }]);
  });

  it('has symbols, folds and colours, and no key of it is unknown', () => {
    const analysis = analysisOf(WHOLE, PATH);
    assert.deepEqual(analysis.diagnostics, []);
    assert.ok(documentSymbols(analysis).some(({ name }) => name.includes('verify')));
    assert.ok(foldingRanges(analysis).length >= 3);
    assert.ok(findTokens(analysis).every(({ modifiers }) => !modifiers.includes('unknown')));
    assert.ok(findTokens(analysis).some(({ type }) => type === 'class'));
  });

  it('is answered for at every place of every prefix', () => {
    for (let end = WHOLE.length; end >= 0; end--) {
      const text = WHOLE.slice(0, end);
      const analysis = analysisOf(text, PATH);
      documentSymbols(analysis);
      foldingRanges(analysis);
      semanticTokens(analysis);
      inlayHints(analysis, { from: 0, to: end }, ALL_HINTS);
      for (const offset of [end, Math.floor(end / 2)]) {
        propose(analysis, offset);
        explain(analysis, offset);
        selectionRange(analysis, offset);
        rename(mentionsIn(analysis, offset), 'fresh', false);
      }
    }
  });
});

const PROJECT = `version = "0.2.0"
[project]
name = "demo"
[[vms]]
name = "web"
count = 2
[[vms]]
name = "db"
`;

interface Published {
  readonly uri: string;
  readonly diagnostics: readonly { readonly code: string }[];
}

describe('a bootstrap.toml and its project', () => {
  let root = '';
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'castra-bootstrap-')));
    write('castra.toml', PROJECT);
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const uri = (path: string) => pathToFileURL(join(root, path)).href;
  const write = (path: string, text: string) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const start = async (t: TestContext, capabilities: Readonly<Record<string, unknown>> = {}) => {
    const client = startClient(t);
    await client.initialize({ capabilities, workspaceFolders: [{ uri: pathToFileURL(root).href, name: 'w' }] });
    return client;
  };
  const WEB = 'bootstrap/web/bootstrap.toml';
  const at = (path: string, marked: string) => ({
    textDocument: { uri: uri(path) },
    position: cursor(marked).position,
  });

  it('is offered the names of VMs and roles, that of its folder first, from the file on the disk', async (t) => {
    const client = await start(t);
    const marked = 'handshake_identity = |';
    client.open(uri('bootstrap/db/bootstrap.toml'), cursor(marked).text);
    const place = at('bootstrap/db/bootstrap.toml', marked);
    const { items } = await client.request<CompletionList>('textDocument/completion', place);
    const sorted = items.toSorted((a, b) => String(a.sortText).localeCompare(String(b.sortText)));
    assert.deepEqual(
      sorted.map(({ label }) => label),
      ['db', 'web', 'web-0', 'web-1', 'db-0'],
    );
    const hover = await client.request<Hover>('textDocument/hover', at('bootstrap/db/bootstrap.toml', 'hand|'));
    assert.match(JSON.stringify(hover), /makes itself known to the broker/);
    await client.stop();
  });

  it('is judged anew when castra.toml changes, in the editor or on the disk', async (t) => {
    const client = await start(t);
    const told = (codes: readonly string[]) =>
      client.next<Published>(
        'textDocument/publishDiagnostics',
        ({ uri: of, diagnostics }) =>
          of === uri(WEB) && JSON.stringify(diagnostics.map(({ code }) => code)) === JSON.stringify(codes),
      );
    const first = told(['config/unknown-identity']);
    client.open(uri(WEB), 'handshake_identity = "cache"\n');
    await first;
    client.open(uri('castra.toml'), PROJECT);
    const second = told([]);
    client.change(uri('castra.toml'), 2, [{ text: `${PROJECT}[[vms]]\nname = "cache"\n` }]);
    await second;
    const third = told(['config/unknown-bootstrap-folder']);
    client.change(uri('castra.toml'), 3, [{ text: PROJECT.replace('web', 'site').replace('db', 'cache') }]);
    await third;
    const fourth = told(['config/unknown-identity']);
    client.notify('textDocument/didClose', { textDocument: { uri: uri('castra.toml') } });
    await fourth;
    const fifth = told([]);
    write('castra.toml', PROJECT.replace('db', 'cache'));
    client.notify('workspace/didChangeWatchedFiles', { changes: [{ uri: uri('castra.toml'), type: 2 }] });
    await fifth;
    await client.stop();
  });

  it('is mended with the names of its project, and with the usual folder', async (t) => {
    write('castra.toml', PROJECT);
    const capabilities = { textDocument: { diagnostic: {}, codeAction: { codeActionLiteralSupport: {} } } };
    const client = await start(t, capabilities);
    const text = 'handshake_identity = "wbe"\nremote_dir = "/tmp"\n';
    client.open(uri(WEB), text);
    const textDocument = { uri: uri(WEB) };
    const { items } = await client.request<{ items: readonly LspDiagnostic[] }>('textDocument/diagnostic', {
      textDocument,
    });
    const offered = items.map(({ range, ...other }) =>
      client.request<readonly { title: string }[]>('textDocument/codeAction', {
        textDocument,
        range,
        context: { diagnostics: [{ range, ...other }] },
      }),
    );
    assert.deepEqual(
      (await Promise.all(offered)).flat().map(({ title }) => title),
      ['Change to "web"', 'Ignore `unknown-identity` on this line', 'Change to "/tmp/castra-bootstrap"'],
    );
    await client.stop();
  });

  it('is judged with its project in the whole workspace, open or not', async (t) => {
    write(WEB, 'handshake_identity = "wbe"\n[ssh]\nidentity = "no"\n');
    write('bootstrap/other/bootstrap.toml', '');
    const client = await start(t, { textDocument: { diagnostic: {} } });
    const { items } = await client.request<{
      items: readonly { uri: string; items: readonly { code: string }[] }[];
    }>('workspace/diagnostic', { previousResultIds: [] });
    const found = items.map((item) => [item.uri.slice(uri('').length + 1), item.items.map(({ code }) => code)]);
    assert.deepEqual(Object.fromEntries(found), {
      'castra.toml': [],
      [WEB]: ['config/unknown-identity', 'config/missing-file'],
      'bootstrap/other/bootstrap.toml': ['config/unknown-bootstrap-folder'],
    });
    await client.stop();
  });

  it('leads back to its role, and changes its name with it, open or not', async (t) => {
    write(WEB, '# web\nhandshake_identity = "web-1"\n');
    write('bootstrap/db/bootstrap.toml', 'handshake_identity = "db"\n');
    const client = await start(t, { workspace: { workspaceEdit: { documentChanges: true } } });
    client.open(uri('castra.toml'), PROJECT, 7);
    const inRole = at('castra.toml', PROJECT.replace('name = "web"', 'name = "w|eb"'));
    const edit = await client.request<WorkspaceEdit>('textDocument/rename', { ...inRole, newName: 'site' });
    const shown = JSON.stringify(edit.documentChanges);
    assert.deepEqual(
      edit.documentChanges?.map((change) => ('textDocument' in change ? change.textDocument : change)),
      [
        { uri: uri('castra.toml'), version: 7 },
        { uri: uri(WEB), version: null },
      ],
      shown,
    );
    const range = { start: { line: 1, character: 22 }, end: { line: 1, character: 25 } };
    assert.match(shown, new RegExp(`${JSON.stringify({ range, newText: 'site' }).replaceAll(/[{}[\]]/g, '\\$&')}`));

    client.open(uri(WEB), '# web\nhandshake_identity = "web-1"\n', 3);
    const inIdentity = at(WEB, '# web\nhandshake_identity = "we|b-1"\n');
    const definition = await client.request<Location[]>('textDocument/definition', inIdentity);
    assert.deepEqual(
      definition.map((each) => [each.uri, each.range.start]),
      [[uri('castra.toml'), { line: 4, character: 8 }]],
    );
    const again = await client.request<WorkspaceEdit>('textDocument/rename', { ...inIdentity, newName: 'site' });
    assert.deepEqual(JSON.stringify(again.documentChanges), shown.replace('"version":null', '"version":3'));
    await client.stop();
  });

  it('is offered paths from its own folder, and said when they lead nowhere', async (t) => {
    write('bootstrap/web/id_ed25519', '');
    write('bootstrap/web/run.sh', '');
    const client = await start(t);
    const told = (count: number) =>
      client.next<Published>('textDocument/publishDiagnostics', ({ diagnostics }) => diagnostics.length === count);
    const marked = '[ssh]\nidentity = "|"\n';
    client.open(uri(WEB), cursor(marked).text);
    const { items } = await client.request<CompletionList>('textDocument/completion', at(WEB, marked));
    const sorted = items.toSorted((a, b) => String(a.sortText).localeCompare(String(b.sortText)));
    assert.deepEqual(
      sorted.map(({ label }) => label),
      ['id_ed25519', 'run.sh'],
    );
    const missing = told(1);
    client.change(uri(WEB), 2, [{ text: '[ssh]\nidentity = "id"\n' }]);
    assert.deepEqual((await missing).diagnostics[0]?.code, 'config/missing-file');
    await client.stop();
  });

  it('is among the places that name a role', async (t) => {
    write(WEB, 'handshake_identity = "web"\n');
    const client = await start(t);
    client.open(uri('castra.toml'), PROJECT);
    const place = at('castra.toml', PROJECT.replace('name = "web"', 'name = "w|eb"'));
    const found = (includeDeclaration: boolean) =>
      client.request<Location[]>('textDocument/references', { ...place, context: { includeDeclaration } });
    const uris = async (whole: boolean) => (await found(whole)).map((each) => each.uri);
    assert.deepEqual(await uris(true), [uri('castra.toml'), uri(WEB)]);
    assert.deepEqual(await uris(false), [uri(WEB)]);
    await client.stop();
  });

  it('belongs to no project when it is not saved', async (t) => {
    const client = await start(t);
    const told = client.next<Published>('textDocument/publishDiagnostics');
    client.open('untitled:/bootstrap/x/bootstrap.toml', 'handshake_identity = "x"\n');
    assert.deepEqual((await told).diagnostics, []);
    await client.stop();
  });
});
