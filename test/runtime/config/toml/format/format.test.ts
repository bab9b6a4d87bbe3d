import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'smol-toml';
import { applyEdits, editsWithin } from '../../../../../runtime/config/toml/format/edits.ts';
import { formatToml } from '../../../../../runtime/config/toml/format/format.ts';
import { outlineOf } from '../../../../../runtime/config/toml/format/outline.ts';
import { formatStatement } from '../../../../../runtime/config/toml/format/statement.ts';
import { DEFAULT_STYLE, type Style } from '../../../../../runtime/config/toml/format/style.ts';
import { analyzeToml } from '../../../../../runtime/config/toml/meaning/meaning.ts';
import { parseToml } from '../../../../../runtime/config/toml/parser.ts';
import { cursor } from '../../../../support/marks.ts';
import { INVALID, PROJECT, VALID } from '../fixtures.ts';
import { createDefinitions, createMutator } from '../fuzz.ts';

const STYLES: readonly Style[] = [
  DEFAULT_STYLE,
  { ...DEFAULT_STYLE, indent: true, align: true, trailingComma: 'always', arrayWidth: 20, step: '\t' },
  {
    ...DEFAULT_STYLE,
    trailingComma: 'never',
    arrayWidth: 0,
    insertFinalNewline: false,
    trimFinalNewlines: false,
    align: true,
  },
];

function format(text: string, style: Partial<Style> = {}): string {
  const { edits, refusal } = formatToml(parseToml(text), { ...DEFAULT_STYLE, ...style });
  assert.equal(refusal, undefined, `${JSON.stringify(text)} is ${refusal}`);
  return applyEdits(text, edits);
}

const isValid = (text: string) => {
  const document = parseToml(text);
  return document.errors.length === 0 && analyzeToml(document).errors.length === 0;
};

const commentsOf = (text: string) =>
  parseToml(text).comments.map(({ from, to }) => text.slice(from, to).replace(/[ \t]+$/, ''));

/** What a parser reads that shares no code with ours; undefined where it reads nothing. */
function readBySmol(text: string): unknown {
  try {
    return parse(text, { integersAsBigInt: 'asNeeded' });
  } catch {
    return undefined;
  }
}

function check(text: string, style: Style): void {
  const result = format(text, style);
  const shown = JSON.stringify(text);
  assert.equal(format(result, style), result, `not idempotent: ${shown}`);
  assert.deepEqual(analyzeToml(parseToml(result)).value, analyzeToml(parseToml(text)).value, shown);
  assert.deepEqual(readBySmol(result), readBySmol(text), shown);
  assert.deepEqual(commentsOf(result), commentsOf(text), shown);
  if (style.trailingComma === 'keep') assert.equal(result.replaceAll(/\s/g, ''), text.replaceAll(/\s/g, ''), shown);
}

const documents = [...Object.values(VALID).flat(), PROJECT, readFileSync('examples/demo/castra.toml', 'utf8')];

describe('formatToml', () => {
  it('keeps meaning and comments of every valid document, and has nothing to do a second time', () => {
    for (const text of documents) for (const style of STYLES) check(text, style);
  });

  it('does so in documents made by chance', () => {
    let valid = 0;
    for (const source of [createMutator(documents, 7), createDefinitions(8)]) {
      for (let round = 0; round < 3000; round++) {
        const text = source.next();
        if (!isValid(text)) continue;
        valid += 1;
        for (const style of STYLES) check(text, style);
      }
    }
    assert.ok(valid > 500, `only ${valid} documents were valid`);
  });

  it('leaves documents with errors alone', () => {
    for (const text of Object.values(INVALID).flat()) {
      const expected = { edits: [], refusal: 'broken' };
      assert.deepEqual(formatToml(parseToml(text), DEFAULT_STYLE), expected, JSON.stringify(text));
    }
  });

  it('has no edits for what is formatted already', () => {
    assert.deepEqual(formatToml(parseToml(format(PROJECT)), DEFAULT_STYLE).edits, []);
    assert.equal(format(PROJECT), PROJECT);
  });

  it('touches only the gaps that differ', () => {
    const { edits } = formatToml(parseToml('a = 1\nb=2\nc = 3\n'), DEFAULT_STYLE);
    assert.deepEqual(edits, [
      { from: 7, to: 7, text: ' ' },
      { from: 8, to: 8, text: ' ' },
    ]);
  });

  it('sets white space around keys, values and headers', () => {
    assert.equal(format('a=1'), 'a = 1\n');
    assert.equal(format('  a . "b"   =    1   \n\n\n'), 'a."b" = 1\n');
    assert.equal(format('[ a . b ]\n  c=1'), '[a.b]\nc = 1\n');
    assert.equal(format('[[ a ]] # why  \n'), '[[a]] # why\n');
  });

  it('puts one blank line before a header, or before the comments directly above it', () => {
    assert.equal(format('\n\na = 1\n[b]\n[c]\n\n\n\nd = 1\n'), 'a = 1\n\n[b]\n\n[c]\n\nd = 1\n');
    assert.equal(format('a = 1\n# one\n# two\n[b]\n'), 'a = 1\n\n# one\n# two\n[b]\n');
    assert.equal(format('a = 1\n# of a\n\n# of b\n[b]\n'), 'a = 1\n# of a\n\n# of b\n[b]\n');
    assert.equal(format('a = 1\n# of a\n\n\n[b]\n'), 'a = 1\n# of a\n\n[b]\n');
    assert.equal(format('# top\n[b]\n'), '# top\n[b]\n');
  });

  it('keeps paragraphs, and a comment on its line', () => {
    assert.equal(format('a = 1# x\n\n\n\n  # y  \nb = 2'), 'a = 1 # x\n\n# y\nb = 2\n');
  });

  it('keeps an array on its line if it fits, and else gives each item a line', () => {
    assert.equal(format('a=[1,2 ,3,]'), 'a = [1, 2, 3,]\n');
    assert.equal(format('a = [ ]\nb = [\n]\nc = { }'), 'a = []\nb = []\nc = {}\n');
    assert.equal(format('a = [1, 2, 3]', { arrayWidth: 13 }), 'a = [1, 2, 3]\n');
    assert.equal(format('a = [1, 2, 3]', { arrayWidth: 12 }), 'a = [\n  1,\n  2,\n  3\n]\n');
    assert.equal(format('a = [[1, 2], [3]]', { arrayWidth: 10 }), 'a = [\n  [1, 2],\n  [3]\n]\n');
    assert.equal(format('a = [1, 2,\n3]'), 'a = [\n  1,\n  2,\n  3\n]\n');
  });

  it('keeps inline tables on their line, or one entry per line', () => {
    assert.equal(format('a={b=1,c={}}'), 'a = { b = 1, c = {} }\n');
    assert.equal(format('a = { b = 1 }', { arrayWidth: 1 }), 'a = { b = 1 }\n');
    assert.equal(format('a = {b=1, # x\nc=2\n}'), 'a = {\n  b = 1, # x\n  c = 2\n}\n');
    assert.equal(format('a = {b = [\n1,\n]}'), 'a = { b = [\n  1,\n] }\n');
    assert.equal(format('a = [1, {\n}]', { arrayWidth: 1 }), 'a = [\n  1,\n  {}\n]\n');
    assert.equal(format('a = { b = [1, [2, {c=3}]] }', { arrayWidth: 10 }), 'a = { b = [1, [2, { c = 3 }]] }\n');
    const items = 'a = [\n  { b = [1, 2] },\n  { b = [3, 4] }\n]\n';
    assert.equal(format('a = [{ b = [1, 2] }, { b = [3, 4] }]', { arrayWidth: 10 }), items);
  });

  it('keeps the comments and paragraphs of an array where they are', () => {
    const text = 'a = [ # one\n 1 # two\n , # three\n\n\n# four\n 2\n\n # five\n\n]';
    const result = 'a = [ # one\n  1 # two\n  , # three\n\n  # four\n  2\n\n  # five\n]\n';
    assert.equal(format(text), result);
  });

  it('adds or removes the last comma of an array only when told to', () => {
    assert.equal(format('a = [\n1\n]'), 'a = [\n  1\n]\n');
    assert.equal(format('a = [\n1 # x\n]', { trailingComma: 'always' }), 'a = [\n  1, # x\n]\n');
    assert.equal(format('a = [1]', { trailingComma: 'always' }), 'a = [1]\n');
    assert.equal(format('a = [\n1 , # x\n]', { trailingComma: 'never' }), 'a = [\n  1 # x\n]\n');
    assert.equal(format('a = [1,]', { trailingComma: 'never' }), 'a = [1]\n');
  });

  it('aligns within a paragraph when told to', () => {
    const text = 'a = 1 # x\nlong = "y" # z\n# between\nb.c = 2\n\nd = 3\n';
    const aligned = 'a    = 1   # x\nlong = "y" # z\n# between\nb.c  = 2\n\nd = 3\n';
    assert.equal(format(text, { align: true }), aligned);
    assert.equal(format(aligned), text);
  });

  it('indents nested tables when told to', () => {
    const text = '[a]\nb = 1\n# of c\n[[a.c]]\nd = [\n1]\n# last\n[e]\n';
    const indented = '[a]\nb = 1\n\n    # of c\n    [[a.c]]\n    d = [\n        1\n    ]\n\n# last\n[e]\n';
    assert.equal(format(text, { indent: true, step: '    ' }), indented);
  });

  it('keeps CRLF, the byte order mark and the content of strings', () => {
    assert.equal(format('a=1\r\n[b]\r\n'), 'a = 1\r\n\r\n[b]\r\n');
    assert.equal(format('\uFEFF a=1'), '\uFEFFa = 1\n');
    assert.equal(format('a="""\n  x  \n\n\n y"""  \n'), 'a = """\n  x  \n\n\n y"""\n');
    assert.equal(format('\na = """\n"""\r\nb=[\n1]\n'), 'a = """\n"""\r\nb = [\r\n  1\r\n]\r\n');
  });

  it('treats the end of the file as told', () => {
    const end = { insertFinalNewline: false, trimFinalNewlines: false };
    assert.equal(format('a = 1', end), 'a = 1');
    assert.equal(format('a = 1\n\n\n', end), 'a = 1\n\n\n');
    assert.equal(format('a = 1  \n\n', { insertFinalNewline: false }), 'a = 1\n');
    assert.equal(format(' \n\t'), '');
  });

  it('is quick with 5,000 lines', (t) => {
    const text =
      '[[vms]]\nname="web" # x\n\n\ntags = [ 1,2 ]\nbase = { a = 1 }\n# y\ncpus  = 2\nlist = [\n1,\n]\n'.repeat(455);
    const document = parseToml(text);
    formatToml(document, DEFAULT_STYLE);
    const start = performance.now();
    assert.ok(formatToml(document, DEFAULT_STYLE).edits.length > 1000);
    t.diagnostic(`formatted ${text.split('\n').length} lines in ${(performance.now() - start).toFixed(1)} ms`);
  });
});

describe('outlineOf', () => {
  it('is the same only for documents that mean and say the same', () => {
    const outline = (text: string) => JSON.stringify(outlineOf(parseToml(text)));
    const text = '[a]\nb.c = [1, { d = 0x0f }] # x\n';
    assert.equal(outline(text), outline('  [ a ]\n\nb . c=[1,{d=0x0f},]# x  '));
    for (const [found, replaced] of [
      ['[a]', '[[a]]'],
      ['0x0f', '15'],
      ['b.c', 'b."c"'],
      ['# x', '# y'],
      ['# x', ''],
      ['1, { d = 0x0f }', '{ d = 0x0f }, 1'],
      ['[1, { d = 0x0f }]', '[[1, { d = 0x0f }]]'],
      ['[a]\n', '# x\n[a]\n'],
    ] as const) {
      assert.notEqual(outline(text), outline(text.replace(found, replaced)), replaced);
    }
  });
});

describe('editsWithin', () => {
  it('gives only what changes in the range', () => {
    const text = 'a=1\n  b=2\nc=3\n';
    const { edits } = formatToml(parseToml(text), DEFAULT_STYLE);
    assert.equal(applyEdits(text, editsWithin(edits, [{ from: 4, to: 9 }])), 'a=1\nb = 2\nc=3\n');
  });

  it('leaves a readable document whatever is left out', () => {
    for (const text of documents.filter((each) => each.length < 200)) {
      for (const style of STYLES) {
        const { edits } = formatToml(parseToml(text), style);
        for (let from = 0; from < text.length; from += 3) {
          const result = applyEdits(text, editsWithin(edits, [{ from, to: from + 5 }]));
          assert.deepEqual(analyzeToml(parseToml(result)).value, analyzeToml(parseToml(text)).value, text);
          assert.deepEqual(parseToml(result).errors, [], JSON.stringify(result));
        }
      }
    }
  });
});

describe('formatStatement', () => {
  const typed = (marked: string, style: Partial<Style> = {}) => {
    const { text, offset } = cursor(marked);
    return applyEdits(text, formatStatement(parseToml(text), offset, { ...DEFAULT_STYLE, ...style }));
  };

  it('formats the statement that is finished and nothing else, whatever is broken elsewhere', () => {
    assert.equal(typed('x=1\n  a=[1,2]  |\ny = \nz='), 'x=1\na = [1, 2]\ny = \nz=');
    assert.equal(typed('x=1\n[ a ]|\ny = \n'), 'x=1\n[a]\ny = \n');
    assert.equal(typed('a=[\n1,2\n]|'), 'a = [\n  1,\n  2\n]');
    assert.equal(typed('a=1 # x  |\r\nb='), 'a = 1 # x\r\nb=');
  });

  it('leaves a line with an error alone, and one that is not finished', () => {
    for (const marked of ['a=|\n', 'a=[1,\n2|\n]', 'a=1 b=2|', 'a="""\nb=1|\n"""', '# a=1|', 'a=1\n\n|', '|']) {
      assert.equal(typed(marked), marked.replace('|', ''), marked);
    }
  });

  it('aligns with the paragraph, and indents with the table', () => {
    assert.equal(typed('z=1\n\na=1\nlong=2|\n\ny=1', { align: true }), 'z=1\n\na    = 1\nlong = 2\n\ny=1');
    assert.equal(typed('[a.b]\nc=1|\n', { indent: true }), '[a.b]\n  c = 1\n');
    assert.equal(typed('x=1\n[ a.b]|\n', { indent: true }), 'x=1\n  [a.b]\n');
  });

  it('answers at every offset of every document', () => {
    for (const text of [...documents, ...Object.values(INVALID).flat()]) {
      const document = parseToml(text);
      for (let offset = 0; offset <= text.length; offset++) {
        for (const style of STYLES) {
          const result = applyEdits(text, formatStatement(document, offset, style));
          if (document.errors.length === 0) assert.deepEqual(parseToml(result).errors, [], text);
        }
      }
    }
  });
});
