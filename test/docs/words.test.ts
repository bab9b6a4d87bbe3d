import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

/** What a message must not say, and what to write instead. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\banew\b/, '"again"'],
  [/\bgone on with\b|\bgoing on (?:after|because)\b/, '"resumed", "continuing"'],
  [/\b(?:somebody|nobody|whoever)\b/i, 'the name of who does it'],
  [/\bis out: /, '"cannot be used"'],
  [/\bthat this is meant\b/, '"to confirm"'],
];

const files = ['client', 'server', 'runtime']
  .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => `${folder}/${String(name)}`))
  .filter((path) => path.endsWith('.ts'));

/** The texts between quotes, without comments. A quote inside a comment or a pattern may add some more. */
function textsIn(source: string): string[] {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
  return [...code.matchAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g)].map(([text]) => text);
}

test('messages use plain words', () => {
  const found = files.flatMap((path) =>
    textsIn(readFileSync(path, 'utf8')).flatMap((text) =>
      WORDS.filter(([pattern]) => pattern.test(text)).map(
        ([, instead]) => `${path}: ${text.slice(0, 80)}: write ${instead}`,
      ),
    ),
  );
  assert.ok(files.length > 200);
  assert.deepEqual(found, []);
});
