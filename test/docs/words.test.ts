import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

type Rule = readonly [pattern: RegExp, instead: string];

/** For every text: messages, comments and pages. */
const WORDS: readonly Rule[] = [
  [/\banew\b/, '"again"'],
  [/\bgo(?:es|ne)? on with\b|\bgo(?:es|ing) on\b(?! top)/, '"continues", "resumed", "continuing"'],
  [/\b(?:somebody|nobody|anybody|whoever)\b/i, 'the name of the actor'],
  [/\bis out: /, '"cannot be used"'],
  [/\bthat this is meant\b|\bif (?:it|that) is meant\b/, '"to confirm"'],
  // "is no longer", "there is no" and "is no more than" are idiomatic.
  [/(?<!\b[Tt]here )\b(?:is|are) no (?!longer|more|larger|less|such)[a-z]/, '"is not a"'],
];

/** For texts that users read: here Castra "reports", and files are "created". */
const USER_WORDS: readonly Rule[] = [
  ...WORDS,
  [/\b(?:is|are|was|were) told\b|\btells? (?:what|more|of)\b/, '"is reported", "shows"'],
  [/\b(?:was|were|been) made\b/, '"created"'],
];

const sources = ['client', 'server', 'runtime', 'scripts', 'bench', 'test/support']
  .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => `${folder}/${String(name)}`))
  .filter((path) => /\.(?:ts|mjs)$/.test(path));

const pages = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'test/guest/README.md', 'package.json', 'package.nls.json'],
  ...readdirSync('docs', { recursive: true }).map((name) => `docs/${String(name)}`),
  ...readdirSync('runtime/config').map((name) => `runtime/config/${name}`),
].filter((path) => /\.(?:md|json)$/.test(path));

const COMMENTS = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;

/** The texts between quotes, without comments. A quote inside a comment or a pattern may add some more. */
function textsIn(source: string): string[] {
  const code = source.replaceAll(COMMENTS, '');
  return [...code.matchAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g)].map(([text]) => text);
}

/** A sentence of a comment may run over lines. */
const commentsIn = (source: string): string[] =>
  [...source.matchAll(COMMENTS)].map(([text]) => text.replaceAll(/\n\s*\*\s?/g, ' '));

const broken = (path: string, texts: readonly string[], rules: readonly Rule[]): string[] =>
  texts.flatMap((text) =>
    rules.flatMap(([pattern, instead]) => {
      const at = text.search(pattern);
      return at < 0 ? [] : [`${path}: …${text.slice(Math.max(0, at - 20), at + 50)}…: write ${instead}`];
    }),
  );

describe('plain words', () => {
  it('in messages', () => {
    assert.ok(sources.length > 200);
    const found = sources.flatMap((path) => broken(path, textsIn(readFileSync(path, 'utf8')), USER_WORDS));
    assert.deepEqual(found, []);
  });

  it('in comments', () => {
    const found = sources.flatMap((path) => broken(path, commentsIn(readFileSync(path, 'utf8')), WORDS));
    assert.deepEqual(found, []);
  });

  it('in pages, schemas and the texts of the manifest', () => {
    assert.ok(pages.length > 20);
    const found = pages.flatMap((path) => broken(path, readFileSync(path, 'utf8').split('\n'), USER_WORDS));
    assert.deepEqual(found, []);
  });
});

describe('docs/vocabulary.md', () => {
  const page = readFileSync('docs/vocabulary.md', 'utf8');

  /** The words of a union of strings in the source: after `start`, up to its semicolon. */
  function wordsOf(path: string, start: string): string[] {
    const source = readFileSync(path, 'utf8').replaceAll(COMMENTS, '');
    const from = source.indexOf(start);
    assert.ok(from >= 0, `${path} has no ${start}`);
    return [...source.slice(from, source.indexOf(';', from)).matchAll(/'([a-z_-]+)'/g)].map(([, word]) => String(word));
  }

  /** The words in code marks in one column of the tables of a section. */
  function column(section: string, index: number): string[] {
    const [, text = ''] = page.split(`\n## ${section}\n`);
    const rows = (text.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| `'));
    return rows.flatMap((row) =>
      [...(row.split('|')[index]?.matchAll(/`([^`]+)`/g) ?? [])].map(([, word]) => String(word)),
    );
  }

  it('has a row for every state of `castra status`, of the view and of `castra list`', () => {
    const [status, view, list] = [1, 2, 3].map((index) => new Set(column('States', index)));
    const states: readonly (readonly [path: string, start: string, documented: Set<string> | undefined])[] = [
      ['runtime/contract/vms.ts', 'type VmState =', status],
      ['client/fleet/rowState.ts', 'type RowState =', new Set([...(view ?? []), ...(status ?? [])])],
      ['runtime/contract/project.ts', "readonly state: 'running'", new Set([...(list ?? []), ...(status ?? [])])],
    ];
    for (const [path, start, documented] of states) {
      const words = wordsOf(path, start);
      assert.ok(words.length >= 5, `${path}: ${words.join()}`);
      assert.deepEqual(
        words.filter((word) => !documented?.has(word)),
        [],
        path,
      );
    }
  });

  it('has a row for every state of a port', () => {
    assert.deepEqual(column('Ports', 1), wordsOf('runtime/contract/ports.ts', 'type PortState ='));
  });
});
