import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  analyzeToml,
  nodeAt,
  pathFromPointer,
  type TomlPath,
  valueSpan,
} from '../../../../../runtime/config/toml/meaning/meaning.ts';
import { parseToml } from '../../../../../runtime/config/toml/parser.ts';
import type { Span } from '../../../../../runtime/config/toml/syntax.ts';
import { PROJECT } from '../fixtures.ts';

function analyze(text: string) {
  return analyzeToml(parseToml(text));
}

/** `code: later definition -> first definition` of every error. */
function conflicts(text: string): readonly string[] {
  const show = (span: Span | undefined) => {
    const line = span === undefined ? 0 : text.slice(0, span.from).split('\n').length;
    return span && `${text.slice(span.from, span.to)} on ${line}`;
  };
  return analyze(text).errors.map((error) => `${error.code}: ${show(error)} -> ${show(error.related)}`);
}

/** What a path leads to, as text: name, value, entry, header, and the rest that was not found. */
function locate(text: string, path: TomlPath) {
  const location = nodeAt(analyze(text).tree, path);
  const slice = (span: Span | undefined) => span && text.slice(span.from, span.to);
  const { key, keyValue, header, rest } = location;
  return { key: slice(key), value: slice(valueSpan(location)), entry: slice(keyValue), header: slice(header), rest };
}

test('the value of a document is plain data', () => {
  const { value, errors } = analyze('a.b = 1\n[[c]]\nd = [true, {e = "x"}]\n[[c]]\n[f.g]\nh = 07:32\n');
  assert.deepEqual(errors, []);
  assert.deepEqual(value, { a: { b: 1 }, c: [{ d: [true, { e: 'x' }] }, {}], f: { g: { h: '07:32' } } });
});

test('integers are numbers, and bigints only where a number would lose digits', () => {
  const { value } = analyze('a = 9007199254740991\nb = 9007199254740992\nc = -9007199254740992');
  assert.deepEqual(value, { a: 9007199254740991, b: 9007199254740992n, c: -9007199254740992n });
});

test('a key named __proto__ is a key', () => {
  const { value } = analyze('[__proto__]\nx = 1\n[a]\n__proto__ = {y = 2}');
  assert.deepEqual(Object.keys(value), ['__proto__', 'a']);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.equal('x' in {}, false);
});

test('a key without a value is left out, and an invalid value is its text so that items keep their index', () => {
  assert.deepEqual(analyze('a =\nb\nc.\nd = [1, x, 2]').value, { d: [1, 'x', 2] });
});

test('a duplicate key is reported on the later one, with the first one related, and the first value stays', () => {
  assert.deepEqual(conflicts('a = 1\nb = 2\n"a" = 3'), ['duplicate-key: "a" on 3 -> a on 1']);
  assert.deepEqual(analyze('a = 1\n"a" = 3').value, { a: 1 });
  assert.deepEqual(conflicts('x = {a = 1, a = 2}'), ['duplicate-key: a on 1 -> a on 1']);
});

test('a key without a value is no duplicate while it is typed', () => {
  assert.deepEqual(conflicts('name\nname = 1\nname ='), []);
  assert.deepEqual(analyze('name\nname = 1\nname =').value, { name: 1 });
});

test('dotted keys may not reach into values, inline tables or tables with a header', () => {
  assert.deepEqual(conflicts('a = 1\na.b = 2'), ['not-a-table: a on 2 -> a on 1']);
  assert.deepEqual(conflicts('a = {}\na.b = 2'), ['redefined-table: a on 2 -> a on 1']);
  assert.deepEqual(conflicts('[a.b]\n[a]\nb.c = 2'), ['redefined-table: b on 3 -> b on 1']);
  assert.deepEqual(conflicts('[[a.b]]\n[a]\nb.c = 2'), ['not-a-table: b on 3 -> b on 1']);
});

test('a table implied by an array of tables below it stays open to dotted keys, as smol-toml has it', () => {
  assert.deepEqual(conflicts('[[a.b.c]]\n[a]\nb.x = 1'), []);
  assert.deepEqual(conflicts('[a.b.c]\n[a]\nb.x = 1'), ['redefined-table: b on 3 -> b on 1']);
});

test('a repeated header is one error, also when its keys are repeated too', () => {
  assert.deepEqual(conflicts('[a]\nx = 1\ny = 2\n[a]\nx = 1\ny = 2\nz = 3'), ['redefined-table: a on 4 -> a on 1']);
  assert.deepEqual(analyze('[a]\nx = 1\n[a]\nx = 2\nz = 3').value, { a: { x: 1, z: 3 } });
});

test('a header may define an implied table once', () => {
  assert.deepEqual(conflicts('[a.b]\n[a]\n[a]'), ['redefined-table: a on 3 -> a on 2']);
});

test('a table among the rows of an array of tables is one error and counts as a row', () => {
  const [first, second] = [
    '[vms]\na = 1\n[[vms]]\na = 2\n[[vms]]\na = 3',
    '[[vms]]\na = 1\n[vms]\na = 2\n[[vms]]\na = 3',
  ];
  assert.deepEqual(conflicts(first), ['redefined-table: vms on 3 -> vms on 1']);
  assert.deepEqual(conflicts(second), ['redefined-table: vms on 3 -> vms on 1']);
  const rows = { vms: [{ a: 1 }, { a: 2 }, { a: 3 }] };
  assert.deepEqual([analyze(first).value, analyze(second).value], [rows, rows]);
});

test('headers in conflict with one and the same value are one error', () => {
  assert.deepEqual(conflicts('vms = 1\n[[vms]]\na = 1\n[[vms]]\na = 1\n[vms.env]\nb = 1'), [
    'redefined-table: vms on 2 -> vms on 1',
  ]);
});

test('a half-typed header defines nothing, so that the tables below it are not in conflict', () => {
  assert.deepEqual(conflicts('[vms.\nx = 1\n[[vms]]\n[[vms]]'), []);
  assert.deepEqual(analyze('[vms.\nx = 1\n[[vms]]\n[[vms]]').value, { vms: [{}, {}] });
});

test('a path leads to a value with its key, entry and header', () => {
  assert.deepEqual(locate(PROJECT, ['vms', 0, 'cpus']), {
    key: 'cpus',
    value: '4',
    entry: 'cpus = 4',
    header: undefined,
    rest: [],
  });
  assert.equal(locate(PROJECT, ['vms', 0, 'base_image', 'sha256']).value, '"0123abcd"');
  assert.equal(locate(PROJECT, ['vms', 0, 'tags', 1]).value, '"debian"');
  assert.equal(locate(PROJECT, ['vms', 1, 'limits', 1, 0]).value, '0x10');
  assert.equal(locate(PROJECT, ['vms', 0, 'env', 'quoted key']).key, '"quoted key"');
});

test('a path to a table leads to the header that opened it', () => {
  assert.equal(locate(PROJECT, ['vms', 0, 'env']).header, '[vms.env]');
  const text = '[[a]]\n[[ a ]]\nx = 1\n[b.c]\n[b]';
  assert.deepEqual(locate(text, ['a', 1]), {
    key: 'a',
    value: '[[ a ]]',
    entry: undefined,
    header: '[[ a ]]',
    rest: [],
  });
  assert.equal(locate(text, ['b']).header, '[b]');
});

test('a path to a table made by dotted keys leads to the first entry that names it', () => {
  const { key, value, entry } = locate('a.b.c = 1\na.b.d = 2', ['a', 'b']);
  assert.deepEqual([key, value, entry], ['b', 'b', 'a.b.c = 1']);
});

test('a path that ends nowhere leads to the deepest node that exists, and says what is left', () => {
  assert.deepEqual(locate(PROJECT, ['vms', 1, 'env', 'LANG']).rest, ['env', 'LANG']);
  assert.equal(locate(PROJECT, ['vms', 1, 'env', 'LANG']).header, '[[vms]]');
  assert.deepEqual(locate(PROJECT, ['vms', 9]).rest, [9]);
  assert.deepEqual(locate('a = 1', ['a', 'b']), {
    key: 'a',
    value: '1',
    entry: 'a = 1',
    header: undefined,
    rest: ['b'],
  });
  assert.equal(locate('a = 1', []).value, undefined);
});

test('the JSON pointers of ajv are paths', () => {
  assert.deepEqual(pathFromPointer(''), []);
  assert.deepEqual(pathFromPointer('/vms/0/a~1b~0c'), ['vms', '0', 'a/b~c']);
  assert.equal(locate(PROJECT, pathFromPointer('/vms/1/cpus')).value, '2');
});

test('keys of broken sections still reach the value', () => {
  const { value } = analyze('[project\nname = "a"\n[[vms]\nname = "b"\ncpus = [1, 2\nmemory = "1G"');
  assert.deepEqual(value, { project: { name: 'a' }, vms: [{ name: 'b', cpus: [1, 2], memory: '1G' }] });
});
