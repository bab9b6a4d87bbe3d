import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { CodeAction, Diagnostic, TextDocumentEdit } from 'vscode-languageserver';
import { applyEdit, type Edit } from '../support/edits.ts';
import { startClient } from '../support/lspClient.ts';
import { tempFolder } from '../support/tempProject.ts';

const HEAD = 'version = "0.2.0"\n[project]\nname = "demo"\n[[vms]]\nname = "web"\n';
const LITERALS = { textDocument: { codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: [] } } } } };
const CREATES = { workspace: { workspaceEdit: { documentChanges: true, resourceOperations: ['create'] } } };

const lineRange = (line: number) => ({ start: { line, character: 0 }, end: { line, character: 100 } });

function missingScript(line: number, from: number, to: number): Diagnostic {
  const range = { start: { line, character: from }, end: { line, character: to } };
  return { range, code: 'config/missing-file', message: 'It does not exist.', source: 'castra' };
}

describe('code actions over stdio', () => {
  const uri = 'file:///srv/demo/castra.toml';
  const begin = async (t: TestContext, text: string, capabilities = {}, at = uri) => {
    const client = startClient(t);
    const result = await client.initialize({ capabilities: { ...LITERALS, ...capabilities } });
    client.open(at, text);
    const ask = (line: number, diagnostics: readonly Diagnostic[] = [], only?: readonly string[]) =>
      client.request<CodeAction[]>('textDocument/codeAction', {
        textDocument: { uri: at },
        range: lineRange(line),
        context: { diagnostics, ...(only ? { only } : {}) },
      });
    return { ask, client, result };
  };

  it('are announced with their kinds, and not to a client that knows commands only', async (t) => {
    const { result } = await begin(t, HEAD);
    assert.deepEqual(result.capabilities.codeActionProvider, {
      codeActionKinds: ['quickfix', 'refactor.rewrite', 'source.fixAll.castra'],
    });
    const plain = await startClient(t).initialize();
    assert.equal(plain.capabilities.codeActionProvider, undefined);
  });

  it('carry an edit, the finding that they resolve, and whether they are surely meant', async (t) => {
    const text = `${HEAD}cups = 2\n`;
    const { ask } = await begin(t, text);
    const range = { start: { line: 5, character: 0 }, end: { line: 5, character: 4 } };
    const shown = { range, code: 'config/unknown-key', message: 'x' };
    const [fix, ignore, ...rest] = await ask(5, [shown]);
    assert.deepEqual(rest, []);
    const edit = { range, newText: 'cpus' };
    assert.deepEqual(fix, {
      title: 'Change to `cpus`',
      kind: 'quickfix',
      isPreferred: true,
      diagnostics: [shown],
      edit: { changes: { [uri]: [edit] } },
    });
    assert.equal(applyEdit(text, edit as Edit), `${HEAD}cpus = 2\n`);
    assert.equal(ignore?.title, 'Ignore `unknown-key` on this line');
    assert.deepEqual(ignore?.diagnostics, [shown]);
  });

  it('are found by the server too, whatever the client says of the place', async (t) => {
    const { ask } = await begin(t, `${HEAD}cups = 2\n`);
    assert.equal((await ask(5)).length, 2);
    assert.deepEqual(await ask(0), []);
    const elsewhere = { range: lineRange(0), code: 'config/unknown-key', message: 'long gone' };
    assert.deepEqual(await ask(0, [elsewhere]), []);
  });

  it('fix all of a kind and everything at once', async (t) => {
    const { ask } = await begin(t, `${HEAD}cups = 2\nmemroy = "1 GiB"\n`, CREATES);
    const titles = (await ask(5)).map(({ title }) => title);
    assert.deepEqual(titles, [
      'Change to `cpus`',
      'Fix all 2 of `config/unknown-key`',
      'Ignore `unknown-key` on this line',
    ]);
    const [all, ...rest] = await ask(0, [], ['source.fixAll']);
    assert.deepEqual(rest, []);
    assert.equal(all?.kind, 'source.fixAll.castra');
    const [change] = (all?.edit?.documentChanges ?? []) as TextDocumentEdit[];
    assert.equal(change?.textDocument.version, 1);
    assert.deepEqual(
      change?.edits.map((edit) => 'newText' in edit && edit.newText),
      ['cpus', 'memory'],
    );
    assert.deepEqual(await ask(5, [], ['refactor']), []);
  });

  it('make a script that is missing, where the client can and the file is really missing', async (t) => {
    const folder = tempFolder();
    t.after(() => folder.dispose());
    const at = pathToFileURL(join(folder.path, 'castra.toml')).href;
    const text = `${HEAD}bootstrap.script = "setup.sh"\n`;
    const { ask } = await begin(t, text, CREATES, at);
    const [create, ...rest] = await ask(5, [missingScript(5, 19, 29)]);
    assert.deepEqual(
      rest.map(({ title }) => title),
      ['Ignore `missing-file` on this line'],
    );
    const script = pathToFileURL(join(folder.path, 'setup.sh')).href;
    assert.equal(create?.title, 'Create setup.sh');
    assert.deepEqual(create?.edit?.documentChanges, [
      { kind: 'create', uri: script, options: { overwrite: false, ignoreIfExists: false } },
      {
        textDocument: { uri: script, version: null },
        edits: [
          {
            range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
            newText: '#!/bin/sh\nset -eu\n',
          },
        ],
      },
    ]);
    const always = await begin(t, `${HEAD}bootstrap.mode = "always"\n`, CREATES, at);
    const [fallback] = await always.ask(5, [missingScript(5, 17, 25)]);
    assert.equal(fallback?.title, 'Create bootstrap/web-0/run.sh');
    writeFileSync(join(folder.path, 'setup.sh'), '');
    assert.equal((await ask(5, [missingScript(5, 19, 29)])).length, 1);
    const { ask: askPlain } = await begin(t, text, {}, at);
    assert.equal((await askPlain(5, [missingScript(5, 19, 29)])).length, 1);
  });
});
