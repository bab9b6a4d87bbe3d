import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseToml } from '../../../../runtime/config/toml/parser.ts';
import type { KeyValue, Span, TomlDocument, Value } from '../../../../runtime/config/toml/syntax.ts';
import { PROJECT } from './fixtures.ts';

function sliceOf({ text }: TomlDocument): (span: Span | undefined) => string | undefined {
  return (span) => span && text.slice(span.from, span.to);
}

function onlyEntry(document: TomlDocument): KeyValue {
  const [entry, ...others] = document.root.entries;
  assert.ok(entry !== undefined && others.length === 0);
  return entry;
}

test('an entry has ranges for itself, its key, the parts of the key, and its value', () => {
  const document = parseToml('  a . "b c" = "x" # why\n');
  const slice = sliceOf(document);
  const entry = onlyEntry(document);
  assert.equal(slice(entry), 'a . "b c" = "x"');
  assert.equal(slice(entry.key), 'a . "b c"');
  assert.deepEqual(entry.key.parts.map(slice), ['a', '"b c"']);
  assert.deepEqual(
    entry.key.parts.map(({ text, isQuoted }) => [text, isQuoted]),
    [
      ['a', false],
      ['b c', true],
    ],
  );
  assert.equal(entry.equals, 12);
  assert.equal(slice(entry.value), '"x"');
  assert.deepEqual(document.comments.map(slice), ['# why']);
});

test('a section has ranges for its header and its name, and ends with its last entry', () => {
  const document = parseToml('[ a.b ] # one\nx = 1\ny = 2\n\n[[c]]\n');
  const slice = sliceOf(document);
  const [first, second] = document.root.sections;
  assert.equal(slice(first?.header), '[ a.b ]');
  assert.equal(slice(first?.header.key), 'a.b');
  assert.equal(slice(first), '[ a.b ] # one\nx = 1\ny = 2');
  assert.deepEqual([first?.header.isArray, first?.header.isClosed], [false, true]);
  assert.equal(slice(second), '[[c]]');
  assert.equal(second?.header.isArray, true);
});

test('arrays and inline tables keep the range of every item, over several lines', () => {
  const document = parseToml('a = [\n  1, # one\n  { b = true, },\n]\n');
  const slice = sliceOf(document);
  const { value } = onlyEntry(document);
  assert.ok(value.kind === 'array');
  assert.deepEqual(value.items.map(slice), ['1', '{ b = true, }']);
  const [, table] = value.items;
  assert.ok(table?.kind === 'inline');
  assert.deepEqual(table.entries.map(slice), ['b = true']);
});

test('every kind of value says what it is', () => {
  const kinds = ['"x"', '1', '1.5', 'true', '07:32', '[]', '{}', '', 'x'].map(
    (text): Value['kind'] => onlyEntry(parseToml(`a = ${text}`)).value.kind,
  );
  const expected = ['string', 'integer', 'float', 'boolean', 'datetime', 'array', 'inline', 'missing', 'invalid'];
  assert.deepEqual(kinds, expected);
});

test('a missing value has no width and stands where the value belongs', () => {
  const { value, to } = onlyEntry(parseToml('a =  # later'));
  assert.deepEqual([value, to], [{ kind: 'missing', from: 5, to: 5 }, 5]);
});

test('a project file parses without an error', () => {
  const { errors, root } = parseToml(PROJECT);
  assert.deepEqual(errors, []);
  assert.equal(root.sections.length, 9);
});

test('ranges are the same, shifted, in a file with Windows line ends', () => {
  const document = parseToml(PROJECT.replaceAll('\n', '\r\n'));
  const slice = sliceOf(document);
  assert.deepEqual(document.errors, []);
  assert.deepEqual(
    document.root.sections.map(({ header }) => slice(header)),
    parseToml(PROJECT).root.sections.map(({ header }) => PROJECT.slice(header.from, header.to)),
  );
});

test('structures that nest too deeply are refused with one error, and what follows is kept', () => {
  for (const opening of ['[', '{a=', '[\n']) {
    const document = parseToml(`a = ${opening.repeat(50_000)}\nb = 1\n[c]\nd = 1\n`);
    assert.deepEqual(
      document.errors.map(({ code }) => code),
      ['too-deep'],
    );
    assert.deepEqual(
      document.root.entries.map(({ key }) => key.parts[0]?.text),
      ['a', 'b'],
    );
    assert.equal(document.root.sections.length, 1);
  }
  assert.deepEqual(
    parseToml(`${'a.'.repeat(50_000)}b = 1`).errors.map(({ code }) => code),
    ['too-deep'],
  );
});

test('the time for hostile documents grows with their length only', () => {
  const hostile = [
    'a = [\n'.repeat(20_000),
    'a = """x\n'.repeat(20_000),
    `a = [\n[b${' '.repeat(200_000)}=`,
    '"'.repeat(200_000),
    'a = {\nb = 1\n'.repeat(20_000),
    `a = x${' y'.repeat(100_000)} =`,
    '['.repeat(200_000),
    '\\\n'.repeat(100_000),
    'b = [\\"""\n'.repeat(20_000),
  ];
  for (const text of hostile) {
    const start = performance.now();
    parseToml(text);
    // Each takes about 0.1 s; a quadratic parser took 20 s, so that a busy machine cannot fail this.
    assert.ok(performance.now() - start < 3000, text.slice(0, 20));
  }
});
