import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_STYLE } from '../../../runtime/config/toml/format/style.ts';
import { analyzeText } from '../../../server/documents/analysis.ts';
import { formatDocument, formatRanges, formatTyped, styleOf } from '../../../server/features/formatting.ts';
import { PROJECT } from '../../runtime/config/toml/fixtures.ts';
import { startClient } from '../../support/lspClient.ts';

const URI = 'file:///srv/demo/castra.toml';
const OPTIONS = { tabSize: 4, insertSpaces: true };
const CONTEXT = { encoding: 'utf-16', home: '/srv/home' } as const;
const analyze = (text: string) => analyzeText({ uri: URI, version: 1, text }, CONTEXT);
const broken = { edits: [], refusal: 'broken' };

describe('formatting', () => {
  it('is left alone while the document has a syntax error, not while it only breaks the rules of Castra', () => {
    assert.deepEqual(formatDocument(analyze('a=1\nb='), DEFAULT_STYLE), broken);
    assert.deepEqual(formatDocument(analyze('a=1\na=2'), DEFAULT_STYLE), broken);
    assert.equal(formatDocument(analyze('version="9"\nnonsense = true\n'), DEFAULT_STYLE).edits.length, 2);
  });

  it('answers at every offset of every prefix of a project', () => {
    for (let end = 0; end <= PROJECT.length; end += 7) {
      const analysis = analyze(PROJECT.slice(0, end));
      for (const ch of ['\n', ']', '}']) {
        const position = analysis.positions.position(end);
        assert.ok(Array.isArray(formatTyped(analysis, { position, ch }, DEFAULT_STYLE).edits));
      }
      const range = analysis.positions.range({ from: end >> 1, to: end });
      assert.ok(Array.isArray(formatRanges(analysis, [range], DEFAULT_STYLE).edits));
    }
  });

  it('takes the options of the editor, and of the settings what is of the right kind', () => {
    assert.equal(styleOf(OPTIONS, null).step, '    ');
    assert.equal(styleOf({ ...OPTIONS, insertSpaces: false }, undefined).step, '\t');
    assert.equal(styleOf({ ...OPTIONS, insertFinalNewline: false }, {}).insertFinalNewline, false);
    const wrong = styleOf(OPTIONS, { indent: 'yes', align: 1, trailingComma: true, arrayWidth: '80' });
    assert.deepEqual(wrong, { ...DEFAULT_STYLE, step: '    ' });
    const right = { indent: true, align: true, trailingComma: 'never', arrayWidth: 80 } as const;
    assert.deepEqual(styleOf(OPTIONS, right), { ...DEFAULT_STYLE, step: '    ', ...right });
  });
});

describe('formatting over LSP', () => {
  it('formats a document, a range and a finished line, as the settings say', async (t) => {
    const client = startClient(t);
    client.answers.set('workspace/configuration', () => [{ align: true }]);
    await client.initialize({ capabilities: { workspace: { configuration: true } } });
    client.open(URI, 'a=1\n  long=2\n');
    const request = { textDocument: { uri: URI }, options: OPTIONS };
    const at = (line: number, from: number, to = from) => ({
      start: { line, character: from },
      end: { line, character: to },
    });
    const first = [
      { range: at(0, 1), newText: '    ' },
      { range: at(0, 2), newText: ' ' },
    ];
    const second = [
      { range: { start: { line: 0, character: 3 }, end: { line: 1, character: 2 } }, newText: '\n' },
      { range: at(1, 6), newText: ' ' },
      { range: at(1, 7), newText: ' ' },
    ];
    assert.deepEqual(await client.request('textDocument/formatting', request), [...first, ...second]);
    const range = at(1, 0, 8);
    assert.deepEqual(await client.request('textDocument/rangeFormatting', { ...request, range }), second);
    const ranges = [at(0, 0, 1), range];
    assert.deepEqual(await client.request('textDocument/rangesFormatting', { ...request, ranges }), [
      first[0],
      ...second,
    ]);
    const typed = { ...request, position: { line: 2, character: 0 }, ch: '\n' };
    assert.deepEqual(await client.request('textDocument/onTypeFormatting', typed), [...first, ...second]);
    assert.equal(await client.stop(), 0);
  });

  it('asks no client that has no settings', async (t) => {
    const client = startClient(t);
    await client.initialize();
    client.open(URI, 'a = [\n1]\n');
    const request = { textDocument: { uri: URI }, options: OPTIONS };
    const edits = await client.request<{ newText: string }[]>('textDocument/formatting', request);
    assert.deepEqual(
      edits.map(({ newText }) => newText),
      ['\n    ', '\n'],
    );
    assert.ok(client.received.every(({ method }) => method !== 'workspace/configuration'));
    assert.equal(await client.stop(), 0);
  });
});
