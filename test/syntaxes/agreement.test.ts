import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseToml } from '../../runtime/config/toml/parser.ts';
import type { Header, Key, KeyValue, Span, TomlDocument, Value } from '../../runtime/config/toml/syntax.ts';
import { INVALID, PROJECT, VALID } from '../runtime/config/toml/fixtures.ts';
import { loadGrammar, type Token, tokenize } from '../support/textmate.ts';

const EXAMPLE = readFileSync(join(process.cwd(), 'examples/demo/castra.toml'), 'utf8');
const grammar = await loadGrammar('source.toml.castra');

/** A stretch that the parser names, and what must stand in the scopes of every character of it. */
interface Expectation extends Span {
  readonly family: RegExp;
}

const KEY = /^(?:support\.type\.property-name|support\.class\.table)\./;
const COMMENT = /^comment\.line\./;
const FAMILIES = {
  string: /^string\.quoted\.(?!.*\.key\.)/,
  integer: /^constant\.numeric\.integer\./,
  float: /^constant\.numeric\.float\./,
  boolean: /^constant\.language\.boolean\./,
  datetime: /^constant\.numeric\.(?:date-time|date|time)\./,
} as const;

function expectations({ root, comments }: TomlDocument): Expectation[] {
  const sections = root.sections.flatMap(({ header, entries }) => [...inHeader(header), ...entries.flatMap(inEntry)]);
  return [...comments.map((span) => named(span, COMMENT)), ...root.entries.flatMap(inEntry), ...sections];
}

function named({ from, to }: Span, family: RegExp): Expectation {
  return { from, to, family };
}

function inHeader({ key }: Header): Expectation[] {
  return key === undefined ? [] : inKey(key);
}

function inKey({ parts }: Key): Expectation[] {
  return parts.map((part) => named(part, KEY));
}

function inEntry({ key, value, equals }: KeyValue): Expectation[] {
  const at = equals ?? key.to;
  return [...inKey(key), named({ from: at, to: at + 1 }, /^keyword\.operator\.assignment\./), ...inValue(value)];
}

function inValue(value: Value): Expectation[] {
  switch (value.kind) {
    case 'array':
      return [...brackets(value, 'array'), ...value.items.flatMap(inValue)];
    case 'inline':
      return [...brackets(value, 'inline-table'), ...value.entries.flatMap(inEntry)];
    case 'missing':
    case 'invalid':
      return [];
    default:
      return [named(value, FAMILIES[value.kind])];
  }
}

function brackets({ from, to }: Span, kind: string): Expectation[] {
  return [
    named({ from, to: from + 1 }, new RegExp(`^punctuation\\.definition\\.${kind}\\.begin\\.`)),
    named({ from: to - 1, to }, new RegExp(`^punctuation\\.definition\\.${kind}\\.end\\.`)),
  ];
}

function allTokens(text: string): Token[] {
  return tokenize(grammar, text).flatMap(({ tokens }) => tokens);
}

/** What the parser says and the grammar does not. Line breaks inside a string have no token. */
function disagreements(text: string): string[] {
  const tokens = allTokens(text);
  return expectations(parseToml(text)).flatMap(({ from, to, family }) => {
    const wrong = tokens
      .filter((token) => token.from < to && token.to > from)
      .filter(({ scopes }) => !scopes.some((scope) => family.test(scope)));
    return wrong.map(
      (token) => `${family} at ${from}: ${text.slice(token.from, token.to)} is ${token.scopes.join(' ')}`,
    );
  });
}

/** What looks like a value, key or comment to the grammar only. */
function surplus(text: string): string[] {
  const spans = expectations(parseToml(text));
  const families = [KEY, COMMENT, ...Object.values(FAMILIES)];
  return allTokens(text).flatMap((token) => {
    const inside = spans.filter(({ from, to }) => from <= token.from && token.to <= to);
    const claimed = families.filter((family) => token.scopes.some((scope) => family.test(scope)));
    const unfounded = claimed.filter((family) => !inside.some((span) => span.family === family));
    return unfounded.map((family) => `${family} at ${token.from}: ${text.slice(token.from, token.to)}`);
  });
}

/** An editor takes a byte order mark off before anything else sees the text. */
function withoutMark(text: string): string {
  return text.replace(/^\uFEFF/, '');
}

const documents = { ...VALID, 'whole files': [PROJECT, EXAMPLE] };

describe('the grammar and the parser', () => {
  for (const [about, texts] of Object.entries(documents)) {
    test(`agree on ${about}`, () => {
      for (const text of texts.map(withoutMark)) {
        assert.deepEqual(disagreements(text), [], text);
        assert.deepEqual(surplus(text), [], text);
      }
    });

    test(`find nothing invalid in ${about}`, () => {
      for (const text of texts.map(withoutMark)) {
        const invalid = allTokens(text).filter(({ scopes }) => scopes.some((scope) => scope.startsWith('invalid.')));
        assert.deepEqual(invalid, [], text);
      }
    });
  }

  // The grammar calls nothing else invalid: red on every half-typed value would flicker, and the server tells more.
  test('find the same wrong escapes and control characters', () => {
    const texts = Object.values(INVALID).flat();
    const codes = ['invalid-escape', 'control-character'];
    for (const text of texts) {
      // To an editor a carriage return is the end of a line.
      if (/\r(?!\n)/.test(text)) continue;
      const { errors } = parseToml(text);
      const found = allTokens(text).some(({ scopes }) => scopes.some((scope) => scope.startsWith('invalid.')));
      const isOpen = errors.some(({ code }) => code === 'unterminated-string');
      const wanted = errors.some(({ code }) => codes.includes(code));
      if (!isOpen) assert.equal(found, wanted, JSON.stringify(text));
    }
  });
});

describe('the text below a mistake', () => {
  /** Prime, so that all places in a line get their turn. */
  const STEP = 7;
  const BELOW = '\n[[vms]]\nname = "web" # one\ncpus = [1, 2]\n';

  test('is coloured as if it stood alone, whatever stands above it', () => {
    const alone = shapes(BELOW, 0);
    for (const text of Object.values(INVALID)
      .flat()
      .filter((text) => !opensMultiline(text))) {
      assert.deepEqual(shapes(text + BELOW, text.length), alone, JSON.stringify(text));
    }
  });

  test('is coloured as if it stood alone, wherever the text above it breaks off', () => {
    const alone = shapes(BELOW, 0);
    const prefixes = Array.from({ length: PROJECT.length / STEP }, (_, index) => index * STEP).map((length) =>
      PROJECT.slice(0, length),
    );
    for (const text of prefixes.filter((text) => !opensMultiline(text))) {
      assert.deepEqual(shapes(text + BELOW, text.length), alone, text);
    }
  });

  /** A string over lines may hold anything: no line of it can be told from TOML. */
  function opensMultiline(text: string): boolean {
    return parseToml(text).errors.some(({ code }) => code === 'unterminated-string') && /"""|'''/.test(text);
  }

  function shapes(text: string, from: number): unknown[] {
    const tokens = allTokens(text).filter((token) => token.from > from);
    return tokens.map((token) => [token.from - from, token.to - from, token.scopes]);
  }
});
