import assert from 'node:assert/strict';
import { test } from 'node:test';
import { analyzeToml } from '../../../../runtime/config/toml/meaning/meaning.ts';
import { parseToml } from '../../../../runtime/config/toml/parser.ts';
import type { Key, KeyValue } from '../../../../runtime/config/toml/syntax.ts';
import { PROJECT } from './fixtures.ts';

interface Slip {
  readonly slip: string;
  readonly text: string;
  /** `code: underlined text` of every error, in order. */
  readonly errors: readonly string[];
  /** Every key under the header it must be kept under; the values say that it was really read. */
  readonly keys: readonly string[];
}

// biome-ignore format: a table of slips reads best with one property per line
const SLIPS: readonly Slip[] = [
  {
    slip: 'a missing value',
    text: 'name = "a"\ncpus = \nmemory = "1G"\n[b]\nx = 1',
    errors: ['missing-value: ='],
    keys: ['name = "a"', 'cpus = ', 'memory = "1G"', '[b] x = 1'],
  },
  {
    slip: 'half a key',
    text: '[a]\nna\n[b]\nx = 1',
    errors: ['missing-equals: na'],
    keys: ['[a] na', '[b] x = 1'],
  },
  {
    slip: 'a dotted key without its end',
    text: '[a]\nenv.\nx = 1\n[b]\nx = 2',
    errors: ['missing-key: .'],
    keys: ['[a] env.', '[a] x = 1', '[b] x = 2'],
  },
  {
    slip: 'an entry without a key',
    text: '= 1\nx = 2',
    errors: ['missing-key: ='],
    keys: ['= 1', 'x = 2'],
  },
  {
    slip: 'an open string',
    text: 'name = "web\ncpus = 2',
    errors: ['unterminated-string: "web'],
    keys: ['name = "web', 'cpus = 2'],
  },
  {
    slip: 'an open quoted key',
    text: '"na = 1\ncpus = 2',
    errors: ['unterminated-string: "na = 1'],
    keys: ['"na = 1', 'cpus = 2'],
  },
  {
    slip: 'an open string in an array',
    text: 'tags = ["a", "b\ncpus = 2',
    errors: ['unterminated-string: "b'],
    keys: ['tags = ["a", "b', 'cpus = 2'],
  },
  {
    slip: 'a lost quote between array items',
    text: 'tags = ["a, "b"]\ncpus = 2',
    errors: ['invalid-value: b'],
    keys: ['tags = ["a, "b"]', 'cpus = 2'],
  },
  {
    slip: 'an open multi-line string',
    text: 'script = """\nset -e\nFOO="bar"\necho done\n\ncpus = 2\n[b]\nx = 1',
    errors: ['unterminated-string: """'],
    keys: ['script = """\nset -e\nFOO="bar"\necho done\n', 'cpus = 2', '[b] x = 1'],
  },
  {
    slip: 'an open multi-line string at the end of the file',
    text: 'cpus = 2\nscript = """\nset -e\necho',
    errors: ['unterminated-string: """'],
    keys: ['cpus = 2', 'script = """\nset -e\necho'],
  },
  {
    slip: 'an extra letter before the quotes of a multi-line string',
    text: "a = x'''\nsome text\n'''\nb = 1",
    errors: ['invalid-value: x'],
    keys: ['a = x', 'b = 1'],
  },
  {
    slip: 'a lost quote at the start of a multi-line string',
    text: 'a = ""\nsome\ntext\n"""\nb = 1',
    errors: ['missing-equals: some'],
    keys: ['a = ""', 'some', 'text', 'b = 1'],
  },
  {
    slip: 'an open header',
    text: 'x = 1\n[project\nname = "a"\n[b]\ny = 1',
    errors: ['unclosed-header: [project'],
    keys: ['x = 1', '[project] name = "a"', '[b] y = 1'],
  },
  {
    slip: 'a header with one bracket too few',
    text: '[[vms]\nname = "a"\n[[vms]]\nname = "b"',
    errors: ['unclosed-header: [[vms'],
    keys: ['[vms] name = "a"', '[vms] name = "b"'],
  },
  {
    slip: 'a header without a name',
    text: '[a]\nx = 1\n[]\ny = 1\n[b]\nz = 1',
    errors: ['missing-key: ['],
    keys: ['[a] x = 1', '[] y = 1', '[b] z = 1'],
  },
  {
    slip: 'a single bracket before the next header',
    text: '[a]\nx = 1\n[\n[b]\nz = 1',
    errors: ['missing-key: ['],
    keys: ['[a] x = 1', '[b] z = 1'],
  },
  {
    slip: 'two words in a header',
    text: '[a b]\nx = 1',
    errors: ['unexpected: b]'],
    keys: ['[a] x = 1'],
  },
  {
    slip: 'a bracket before an entry',
    text: '[a]\n[x = 1\ny = 2',
    errors: ['unexpected: [x = 1'],
    keys: ['[a] y = 2'],
  },
  {
    slip: 'an open array',
    text: 'ports = [\n  1,\n  2,\nname = "a"\n[b]\nx = 1',
    errors: ['unclosed-array: ['],
    keys: ['ports = [\n  1,\n  2', 'name = "a"', '[b] x = 1'],
  },
  {
    slip: 'an open array before a header',
    text: 'ports = [1, 2\n\n[[vms]]\nx = 1',
    errors: ['unclosed-array: ['],
    keys: ['ports = [1, 2', '[vms] x = 1'],
  },
  {
    slip: 'open arrays in an open array',
    text: 'a = [[1, [2\nb = 1',
    errors: ['unclosed-array: ['],
    keys: ['a = [[1, [2', 'b = 1'],
  },
  {
    slip: 'an array whose opening bracket is lost',
    text: 'a = \n  [1, 2],\n  [3, 4],\n]\nb = 1',
    errors: ['missing-value: =', 'unexpected: [1, 2],'],
    keys: ['a = ', 'b = 1'],
  },
  {
    slip: 'a hole in an array',
    text: 'a = [1, , 2]\nb = 1',
    errors: ['missing-value: ,'],
    keys: ['a = [1, , 2]', 'b = 1'],
  },
  {
    slip: 'missing commas in an array',
    text: 'a = [1 2 3]\nb = 1',
    errors: ['missing-comma: 2'],
    keys: ['a = [1 2 3]', 'b = 1'],
  },
  {
    slip: 'holes in an inline table',
    text: 'f = { host = , guest = }\nb = 1',
    errors: ['missing-value: =', 'missing-value: ='],
    keys: ['f = { host = , guest = }', 'b = 1'],
  },
  {
    slip: 'half a key in an inline table',
    text: 'f = { host = 1, gu }\nb = 1',
    errors: ['missing-equals: gu'],
    keys: ['f = { host = 1, gu }', 'b = 1'],
  },
  {
    slip: 'an open inline table',
    text: 'f = { host = 1, guest = 2\nb = 1\n[c]\nx = 1',
    errors: ['unclosed-inline-table: {'],
    keys: ['f = { host = 1, guest = 2', 'b = 1', '[c] x = 1'],
  },
  {
    slip: 'a lone opening brace',
    text: 'f = {\nb = 1\nc = 2\n[d]\nx = 1',
    errors: ['unclosed-inline-table: {'],
    keys: ['f = {', 'b = 1', 'c = 2', '[d] x = 1'],
  },
  {
    slip: 'a lost comma in an inline table of several lines',
    text: 'f = {\n  host = 1\n  guest = 2,\n}\nb = 1',
    errors: ['missing-comma: g'],
    keys: ['f = {\n  host = 1\n  guest = 2,\n}', 'b = 1'],
  },
  {
    slip: 'a lost quote in an inline table',
    text: 'f = { "url = "https://x", sha = "0" }\nb = 1',
    errors: ['missing-equals: "url = "'],
    keys: ['f = { "url = "https://x", sha = "0" }', 'b = 1'],
  },
  {
    slip: 'the wrong closing bracket',
    text: 'a = [1, 2}\nb = 1',
    errors: ['unclosed-array: ['],
    keys: ['a = [1, 2', 'b = 1'],
  },
  {
    slip: 'words without quotes',
    text: 'name = my web\nb = 1',
    errors: ['invalid-value: my web'],
    keys: ['name = my web', 'b = 1'],
  },
  {
    slip: 'a colon for the equals sign',
    text: 'name: "a"\nb = 1',
    errors: ['colon: :'],
    keys: ['name: "a"', 'b = 1'],
  },
  {
    slip: 'two entries on a line',
    text: 'a = 1 b = 2\nc = 3',
    errors: ['expected-newline: b = 2'],
    keys: ['a = 1', 'b = 2', 'c = 3'],
  },
  {
    slip: 'an entry behind a header',
    text: '[a] b = 2\nc = 3',
    errors: ['expected-newline: b = 2'],
    keys: ['[a] b = 2', '[a] c = 3'],
  },
  {
    slip: 'a key in another alphabet',
    text: 'größe = 1\nb = 2',
    errors: ['bare-key: größe'],
    keys: ['größe = 1', 'b = 2'],
  },
  {
    slip: 'pasted prose',
    text: 'a = 1\nNote: see https://example.org/?x\nfor more, or not.\n\nThe end\nb = 2',
    errors: ['missing-equals: Note'],
    keys: ['a = 1', 'Note', 'for', 'The', 'b = 2'],
  },
  {
    slip: 'an inline table whose opening brace is lost',
    text: 'f =\n  host = 1,\n  guest = 2,\n}\nb = 1',
    errors: ['missing-value: =', 'expected-newline: ,'],
    keys: ['f =', 'host = 1', 'guest = 2', 'b = 1'],
  },
  {
    slip: 'several slips in several places',
    text: 'a = \nb = 1\n[c\nd = tru\ne = 2\nf = "x',
    errors: ['missing-value: =', 'unclosed-header: [c', 'invalid-value: tru', 'unterminated-string: "x'],
    keys: ['a = ', 'b = 1', '[c] d = tru', '[c] e = 2', '[c] f = "x'],
  },
  {
    slip: 'duplicate keys and tables',
    text: '[a]\nx = 1\nx = 2\ny = 3\n[a]\nz = 4\n[b]\nw = 5',
    errors: ['duplicate-key: x', 'redefined-table: a'],
    keys: ['[a] x = 1', '[a] x = 2', '[a] y = 3', '[a] z = 4', '[b] w = 5'],
  },
];

function listKeys(text: string): readonly string[] {
  const { root } = parseToml(text);
  const show = (entry: KeyValue) => text.slice(entry.from, entry.to);
  const name = (key: Key | undefined) => key?.parts.map((part) => part.text).join('.') ?? '';
  const below = root.sections.flatMap(({ header, entries }) =>
    entries.map((entry) => `[${name(header.key)}] ${show(entry)}`),
  );
  return [...root.entries.map(show), ...below];
}

function listErrors(text: string): readonly string[] {
  const document = parseToml(text);
  const errors = [...document.errors, ...analyzeToml(document).errors];
  return errors.map(({ code, from, to }) => `${code}: ${text.slice(from, to)}`);
}

for (const { slip, text, errors, keys } of SLIPS) {
  test(`${slip}: the error is exact and every other key stays in its table`, () => {
    assert.deepEqual(listErrors(text), errors);
    assert.deepEqual(listKeys(text), keys);
  });
}

function worst(documents: Iterable<string>): number {
  let most = 0;
  for (const text of documents) most = Math.max(most, listErrors(text).length);
  return most;
}

function* prefixes(text: string): Iterable<string> {
  for (let length = 0; length <= text.length; length++) yield text.slice(0, length);
}

test('typing a project file from the start never shows more than two errors', () => {
  assert.ok(PROJECT.split('\n').length >= 60);
  assert.equal(worst(prefixes(PROJECT)), 2);
});

test('typing a section in the middle of a project file never shows more than two errors', () => {
  const sections = parseToml(PROJECT).root.sections;
  for (const [index, { from }] of sections.entries()) {
    const to = sections[index + 1]?.from ?? PROJECT.length;
    const typed = [...prefixes(PROJECT.slice(from, to))];
    assert.ok(worst(typed.map((part) => `${PROJECT.slice(0, from)}${part}\n${PROJECT.slice(to)}`)) <= 2);
  }
});

test('deleting any one character shows at most three errors', () => {
  const documents = [...PROJECT].map((_, offset) => PROJECT.slice(0, offset) + PROJECT.slice(offset + 1));
  assert.ok(worst(documents) <= 3);
});

test('inserting any one bracket, quote or mark shows at most five errors', () => {
  for (const mark of '"\'[]{}=,.#\\\n x') {
    const documents = [...PROJECT].map((_, offset) => PROJECT.slice(0, offset) + mark + PROJECT.slice(offset));
    assert.ok(worst(documents) <= 5, mark);
  }
});
