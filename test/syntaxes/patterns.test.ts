import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { IGrammar, StateStack } from 'vscode-textmate';
import textmate from 'vscode-textmate';
import { PROJECT } from '../runtime/config/toml/fixtures.ts';
import { loadGrammar, readGrammar, tokenize } from '../support/textmate.ts';

/** VS Code colours none above 20,000 (editor.maxTokenizationLineLength); what has no bounds shows itself earlier. */
const LONG_LINE = 4_000;

/**
 * No measurement: the slowest of these lines takes some 20 ms, a pattern that backtracks without bounds takes hours.
 * VS Code itself gives a line 500 ms.
 */
const HANGS_AFTER_MS = 20_000;

/** Each is repeated to the longest line: all that can begin something, end something, or nearly do. */
// biome-ignore format: one line for each would be a page.
const SEEDS = [
  'a', '-', '.', 'a.', 'a . ', ' ', '\t', '"', "'", '"""', "'''", '\\', '\\"', '"a"', '"a" . ', '[', ']', '[[', '[a', '[[a.', '{', '}',
  '{a = ', '[{', '=', 'a=', 'a = 1, ', ',', '#', '0', '1_', '0x', '1.', '1e', '+', '1979-05-27 ', '07:', 'true', 'inf', 'é', '😀', '/', '/a',
  '/a/', ':', '1.1.', 'aa:', 'a[1', '[ ', '[ 1.', '-a ', "'a' ", 'error', 'errors ', 'a@', 'castra: ignore ', '\u0000',
];

/** What a long line may stand behind. */
const STARTS = [
  '',
  'a = ',
  'a = [',
  'a = [\n',
  'a = {',
  'a = {b = ',
  'a = "',
  'a = """',
  "a = '''\n",
  '[',
  '[[',
  '# ',
  '# castra: ignore ',
];

const LOG_STARTS = ['', '[', '[    1.0', '# ', '# 2026-11-23T09:30:00.123Z ', '# 2026-11-23T09:30:00.123Z /bin/qemu '];

const grammars: Readonly<Record<string, readonly string[]>> = {
  'source.toml.castra': STARTS,
  'output.castra-log': LOG_STARTS,
};

for (const [scopeName, starts] of Object.entries(grammars)) {
  describe(`the patterns of ${scopeName}`, async () => {
    const patterns = patternsOf(JSON.parse(readGrammar(scopeName)));
    const grammar = await loadGrammar(scopeName);

    test('use only what every engine knows and none is slow with', () => {
      assert.ok(patterns.length > 10);
      const findings = patterns.flatMap((pattern) => unsafeParts(pattern).map((part) => `${part} in ${pattern}`));
      assert.deepEqual(findings, []);
    });

    for (const start of starts) {
      test(`get through long lines behind ${JSON.stringify(start)}`, () => {
        for (const seed of SEEDS) {
          const line = seed.repeat(LONG_LINE / seed.length);
          assert.equal(stopsEarly(grammar, `${start}${line}\n${line} = "x"`), false, seed);
        }
      });
    }
  });
}

describe('a file of 5,000 lines', () => {
  test('is coloured to its end, and there as at its beginning', async () => {
    const grammar = await loadGrammar('source.toml.castra');
    const times = Math.ceil(5000 / (PROJECT.split('\n').length - 1));
    const lines = tokenize(grammar, PROJECT.repeat(times));
    const last = lines.slice(-PROJECT.split('\n').length, -1).map(({ tokens }) => tokens.map(({ scopes }) => scopes));
    const first = tokenize(grammar, PROJECT).map(({ tokens }) => tokens.map(({ scopes }) => scopes));
    assert.ok(lines.length >= 5000);
    assert.deepEqual(last, first.slice(0, -1));
    assert.equal(stopsEarly(grammar, PROJECT.repeat(times)), false);
  });
});

describe('the check of patterns', () => {
  const unsafe = [
    '(a+)+',
    '(?:a*b?)*',
    '(a|b*)+',
    '.*x.*',
    '(?<=a+)b',
    '(?<n>a)',
    '(a)\\1',
    'a++',
    '(?>a)',
    '\\h',
    '\\p{L}',
  ];
  for (const pattern of unsafe) {
    test(`objects to ${pattern}`, () => {
      assert.notDeepEqual(unsafeParts(pattern), []);
    });
  }
});

function stopsEarly(grammar: IGrammar, text: string): boolean {
  let stack: StateStack = textmate.INITIAL;
  return text.split('\n').some((line) => {
    const result = grammar.tokenizeLine(line, stack, HANGS_AFTER_MS);
    stack = result.ruleStack;
    return result.stoppedEarly;
  });
}

function patternsOf(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => {
    const isPattern = ['match', 'begin', 'end', 'while'].includes(key) && typeof value === 'string';
    return isPattern ? [value] : patternsOf(value);
  });
}

/** Parts that only some engines know, or whose time can grow faster than the line. */
function unsafeParts(pattern: string): string[] {
  const plain = pattern
    .replaceAll('\\\\', '!')
    .replace(/\\[()|*+?]/g, '!')
    .replace(/\[(?:\\.|[^\]\\])*\]/g, 'c');
  const exotic = plain.match(/\\[hHkgKpPRXzZA1-9]|\(\?[>~(]|\(\?<[^=!]|[*+?}]\+|\.\*.*\.\*/g) ?? [];
  const lookbehinds = plain.match(/\(\?<[=!][^)]*[*+?{(]/g) ?? [];
  return [...exotic, ...lookbehinds, ...ambiguousLoops(plain)];
}

/** Loops over something that may be nothing or a loop itself, so that one text can be read in many ways. */
function ambiguousLoops(plain: string): string[] {
  const innermost = /\((\?(?::|i:|<?[=!]))?([^()]*)\)([*+]?)/.exec(plain);
  if (innermost === null) return [];
  const [group, prefix = '', body = '', quantifier = ''] = innermost;
  const isLook = /[=!]/.test(prefix);
  const rest = plain.replace(group, () => (isLook ? '' : `g${quantifier}`));
  const isUnsafe = quantifier !== '' && body.split('|').some((branch) => !hasOneOf(branch));
  return [...(isUnsafe ? [group] : []), ...ambiguousLoops(rest)];
}

/** Whether something in `branch` stands there exactly once, which tells one turn of a loop from the next. */
function hasOneOf(branch: string): boolean {
  return branch.replace(/\\?.(?:[*+?]|\{[^}]*\})/g, '') !== '';
}
