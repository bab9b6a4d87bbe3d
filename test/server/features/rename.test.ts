import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { prepareRename, rename } from '../../../server/features/rename.ts';
import { analyzed, HEAD, mentionsIn, prefixes, URI } from '../../support/analyzed.ts';
import { startClient } from '../../support/lspClient.ts';
import { cursor } from '../../support/marks.ts';

const PROJECT = `${HEAD}# web is the web server
[[vms]]
name = "w|eb"
description = "web"
count = 3
needs = ['db', "db-0"]
[[vms.instances]]
id = 'web-1'
[[vms.instances]]
id = "web-2"
[[vms]]
name = 'db'
needs = ["web", "web-2", "other"]
[[vms]]
name = "web-cache"
`;

function renamed(marked: string, newName: string): string {
  const { text, offset } = cursor(marked);
  const analysis = analyzed(text);
  const edits = rename(mentionsIn(analysis, offset), newName, false)?.changes?.[URI] ?? [];
  let result = text;
  for (const { range, newText } of edits.toReversed()) {
    const [from, to] = [analysis.positions.offset(range.start), analysis.positions.offset(range.end)];
    result = result.slice(0, from) + newText + result.slice(to);
  }
  return result;
}

describe('rename', () => {
  it('changes the name of a role, the ids of its instances and what needs it, and nothing that only says the same', () => {
    assert.equal(
      renamed(PROJECT, 'site'),
      PROJECT.replace('|', '')
        .replace('name = "web"', 'name = "site"')
        .replace("'web-1'", "'site-1'")
        .replace('id = "web-2"', 'id = "site-2"')
        .replace('needs = ["web", "web-2"', 'needs = ["site", "site-2"'),
    );
  });

  it('does the same from an id and from an entry of needs', () => {
    const other = PROJECT.replace('|', '');
    const expected = renamed(PROJECT, 'site');
    assert.equal(renamed(other.replace("'web-1'", "'web-1|'"), 'site'), expected);
    assert.equal(renamed(other.replace('["web",', '["|web",'), 'site'), expected);
    assert.equal(renamed(other.replace('["web", "web-2"', '["web", "web-|2"'), 'site'), expected);
  });

  it('writes a name with escapes anew', () => {
    assert.equal(renamed('[[vms]]\nname = "\\u0077|eb"\n', 'db'), '[[vms]]\nname = "db"\n');
  });

  it('offers the name of the role alone', () => {
    const { text, offset } = cursor(PROJECT.replace('|', '').replace("'web-1'", "'web-|1'"));
    const analysis = analyzed(text);
    const from = analysis.positions.position(text.indexOf('web-1'));
    assert.deepEqual(prepareRename(analysis, offset), {
      range: { start: from, end: { ...from, character: from.character + 3 } },
      placeholder: 'web',
    });
  });

  for (const [newName, message] of [
    ['', /needs a name/],
    ['Web', /lower-case letters/],
    ['broker', /reserved/],
    ['db', /role "db" already exists/],
    ['a'.repeat(62), /longer than 63/],
  ] as const) {
    it(`refuses ${newName.slice(0, 20) || 'an empty name'} and says why`, () => {
      assert.throws(() => renamed(PROJECT, newName), message);
    });
  }

  it('refuses a name whose VM would be another one, where roles are VMs', () => {
    const text = 'version = "0.1"\n[project]\nname = "p"\n[[vms]]\nname = "a|"\n[[vms]]\nname = "b"\n';
    assert.throws(() => renamed(text, 'b'), /already/);
    assert.match(renamed(text, 'c'), /name = "c"/);
  });

  it('has nothing to rename elsewhere', () => {
    for (const place of ['# we|b is', 'description = "we|b"', 'needs = ["web", "web-2", "oth|er"', "needs = ['db|"]) {
      const { text, offset } = cursor(PROJECT.replace('|', '').replace(place.replace('|', ''), place));
      const found = prepareRename(analyzed(text), offset);
      assert.equal(
        found && 'placeholder' in found ? found.placeholder : undefined,
        place.includes('db') ? 'db' : undefined,
      );
    }
  });

  it('never fails, at any offset of any document', () => {
    for (const analysis of prefixes(53)) {
      for (let offset = 0; offset <= analysis.text.length; offset++) {
        const edit = rename(mentionsIn(analysis, offset), 'fresh', true);
        assert.equal(edit === null, mentionsIn(analysis, offset).length === 0);
      }
    }
  });

  it('speaks to a client: a refusal is an error with its reason, an edit has the version it is for', async (t) => {
    const client = startClient(t);
    await client.initialize({ capabilities: { workspace: { workspaceEdit: { documentChanges: true } } } });
    const { text, position } = cursor(PROJECT);
    client.open(URI, text, 7);
    const at = { textDocument: { uri: URI }, position };
    await assert.rejects(client.request('textDocument/rename', { ...at, newName: 'db' }), /^Error: A role "db"/);
    const edit = await client.request<{ documentChanges: { textDocument: unknown; edits: unknown[] }[] }>(
      'textDocument/rename',
      { ...at, newName: 'site' },
    );
    assert.deepEqual(edit.documentChanges[0]?.textDocument, { uri: URI, version: 7 });
    assert.equal(edit.documentChanges[0]?.edits.length, 5);
    const count = async (includeDeclaration: boolean) =>
      (await client.request<unknown[]>('textDocument/references', { ...at, context: { includeDeclaration } })).length;
    assert.deepEqual([await count(true), await count(false)], [5, 4]);
    const highlights = await client.request<{ kind: number }[]>('textDocument/documentHighlight', at);
    assert.deepEqual(
      highlights.map(({ kind }) => kind),
      [3, 2, 2, 2, 2],
    );
    await client.stop();
  });
});
