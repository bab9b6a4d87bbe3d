import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createScanner,
  findLineEnd,
  findLineStart,
  isLineEnd,
  mark,
  restOfLine,
  rewind,
  skipTrivia,
} from '../../../../runtime/config/toml/lexer.ts';
import { scanScalar } from '../../../../runtime/config/toml/scalars.ts';
import { scanString } from '../../../../runtime/config/toml/strings.ts';
import type { TomlErrorCode } from '../../../../runtime/config/toml/syntax.ts';

test('a byte order mark is skipped at the start of the text only', () => {
  assert.equal(createScanner('\uFEFFa').offset, 1);
  assert.equal(createScanner('a\uFEFF').offset, 0);
});

test('lines end before \\n and \\r\\n, and a lone \\r is part of its line', () => {
  assert.equal(findLineEnd('ab\ncd', 0), 2);
  assert.equal(findLineEnd('ab\r\ncd', 0), 2);
  assert.equal(findLineEnd('ab\rcd', 0), 5);
  assert.equal(isLineEnd('a\rb', 1), false);
  assert.equal(isLineEnd('a\r\nb', 1), true);
  assert.equal(findLineStart('ab\ncd', 4), 3);
  assert.equal(findLineStart('\nab', 0), 0);
});

test('the rest of a line leaves trailing blanks out and is never empty', () => {
  assert.deepEqual(restOfLine('a  b \t\nc', 1), { from: 1, to: 4 });
  assert.deepEqual(restOfLine('a\n', 1), { from: 1, to: 2 });
});

test('trivia are blanks, comments and line breaks', () => {
  const scanner = createScanner(' \t# one\r\n\n  # two\nkey');
  assert.equal(skipTrivia(scanner), true);
  assert.equal(scanner.text.slice(scanner.offset), 'key');
  assert.deepEqual(
    scanner.comments.map(({ from, to }) => scanner.text.slice(from, to)),
    ['# one', '# two'],
  );
  assert.equal(skipTrivia(scanner), false);
});

test('a control character in a comment is reported where it stands, once', () => {
  const scanner = createScanner('# a\u0001\u0002');
  skipTrivia(scanner);
  assert.deepEqual(scanner.errors, [
    { from: 3, to: 4, code: 'control-character', message: 'Control characters are not allowed in comments' },
  ]);
});

test('rewinding forgets what was found behind the offset and keeps what was found before', () => {
  const scanner = createScanner('# one\n# two\n');
  const since = mark(scanner);
  skipTrivia(scanner);
  rewind(scanner, 6, since);
  assert.deepEqual(scanner.comments, [{ from: 0, to: 5 }]);
  assert.equal(scanner.offset, 6);
});

const STRINGS: readonly (readonly [text: string, value: string])[] = [
  ['"a b"', 'a b'],
  ['"\\b\\t\\n\\f\\r\\e\\"\\\\"', '\b\t\n\f\r\u001B"\\'],
  ['"\\x41\\u00e9\\U0001F600"', 'Aé😀'],
  ["'C:\\temp'", 'C:\\temp'],
  ['"""\nfirst\n"""', 'first\n'],
  ['"""\r\nfirst\r\n"""', 'first\r\n'],
  ['"""a \\  \n\n   b"""', 'a b'],
  ['"""""two quotes"""""', '""two quotes""'],
  ['"""\\\n""""', '"'],
  ["'''\n'' \\ '''", "'' \\ "],
];

test('strings have the value TOML gives them', () => {
  for (const [text, value] of STRINGS) {
    const scanner = createScanner(text);
    const string = scanString(scanner);
    assert.deepEqual([string.value, string.isOpen, string.to, scanner.errors], [value, false, text.length, []], text);
  }
});

test('an open string ends with its line', () => {
  const scanner = createScanner('"abc\r\n"');
  const { from, to, value, isOpen } = scanString(scanner);
  assert.deepEqual({ from, to, value, isOpen }, { from: 0, to: 4, value: 'abc', isOpen: true });
  assert.deepEqual(
    scanner.errors.map(({ code }) => code),
    ['unterminated-string'],
  );
});

test('a bad escape is reported with its range, and only the first one of a string', () => {
  const scanner = createScanner('"C:\\Progs\\Qemu"');
  assert.equal(scanString(scanner).isOpen, false);
  assert.deepEqual(
    scanner.errors.map(({ from, to, code }) => [from, to, code]),
    [[3, 5, 'invalid-escape']],
  );
});

const SCALARS: readonly (readonly [text: string, kind: string, value: unknown])[] = [
  ['true', 'boolean', true],
  ['+1_000', 'integer', 1000],
  ['-0', 'integer', 0],
  ['0xFf', 'integer', 255],
  ['0o17', 'integer', 15],
  ['0b101', 'integer', 5],
  ['9007199254740991', 'integer', 9007199254740991],
  ['9007199254740992', 'integer', 9007199254740992n],
  ['-0.0', 'float', -0],
  ['6.02e2_3', 'float', 6.02e23],
  ['-inf', 'float', Number.NEGATIVE_INFINITY],
  ['nan', 'float', Number.NaN],
  ['2024-02-29', 'datetime', '2024-02-29'],
  ['1979-05-27 07:32:00.5-07:00', 'datetime', '1979-05-27 07:32:00.5-07:00'],
  ['23:59:60', 'datetime', '23:59:60'],
];

test('scalars have a kind and a value', () => {
  for (const [text, kind, value] of SCALARS) {
    const scanner = createScanner(`${text} # comment`);
    const scalar = scanScalar(scanner);
    assert.ok(scalar !== undefined && 'value' in scalar, text);
    assert.deepEqual([scalar.kind, scalar.value, scalar.to, scanner.errors], [kind, value, text.length, []]);
  }
});

test('date-times tell their form', () => {
  const forms = ['1979-05-27T07:32Z', '1979-05-27T07:32', '1979-05-27', '07:32'].map((text) => {
    const scalar = scanScalar(createScanner(text));
    return scalar?.kind === 'datetime' ? scalar.form : undefined;
  });
  assert.deepEqual(forms, ['offset-date-time', 'local-date-time', 'local-date', 'local-time']);
});

const MISTAKES: readonly (readonly [text: string, code: TomlErrorCode, message: RegExp])[] = [
  ['007', 'invalid-number', /start with a zero/],
  ['1__0', 'invalid-number', /between digits/],
  ['+0x1', 'invalid-number', /no sign/],
  ['12h', 'invalid-number', /12h is not a number/],
  ['9223372036854775808', 'integer-range', /64 bits/],
  ['2023-02-29', 'invalid-date', /2023-02-29/],
  ['25:00', 'invalid-date', /25:00/],
  ['True', 'invalid-value', /lower case: true/],
  ['hello wide world', 'invalid-value', /hello wide world is not a value/],
];

test('a word that is no value is reported as a whole, with what is wrong about it', () => {
  for (const [text, code, message] of MISTAKES) {
    const scanner = createScanner(text);
    scanScalar(scanner);
    assert.deepEqual(
      scanner.errors.map((error) => [error.from, error.to, error.code]),
      [[0, text.length, code]],
    );
    assert.match(scanner.errors[0]?.message ?? '', message);
  }
});
