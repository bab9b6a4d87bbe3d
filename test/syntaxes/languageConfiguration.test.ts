import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

interface EnterRule {
  readonly beforeText: string;
  readonly afterText: string;
  readonly action: { readonly indent: string; readonly appendText: string };
}

interface LanguageConfiguration {
  readonly comments: { readonly lineComment: string };
  readonly autoClosingPairs: readonly { readonly open: string; readonly notIn: readonly string[] }[];
  readonly wordPattern: string;
  readonly onEnterRules: readonly EnterRule[];
}

const path = join(process.cwd(), 'syntaxes/castra.language-configuration.json');
const configuration: LanguageConfiguration = JSON.parse(readFileSync(path, 'utf8'));

/** What the Enter key puts before the rest of the line. */
function onEnter(before: string, after: string): string {
  const rule = configuration.onEnterRules.find(
    ({ beforeText, afterText }) => new RegExp(beforeText).test(before) && new RegExp(afterText).test(after),
  );
  return rule?.action.appendText ?? '';
}

describe('the language configuration of castra.toml', () => {
  test('takes a bare key, a number with underscores and a foreign word for one word each', () => {
    const text = 'base-image.state_root = "größe 1_000", [x] # kept';
    const words = text.match(new RegExp(configuration.wordPattern, 'g'));
    assert.deepEqual(words, ['base-image', 'state_root', 'größe', '1_000', 'x', 'kept']);
  });

  test('goes on with a comment that Enter splits', () => {
    assert.equal(onEnter('# one', ' two'), '# ');
    assert.equal(onEnter('  # one ', 'two'), '# ');
  });

  test('leaves a comment at its end, and splits nothing else', () => {
    assert.equal(onEnter('# one', ''), '');
    assert.equal(onEnter('a = 1', ' # one'), '');
    assert.equal(onEnter('', '# one'), '');
    assert.equal(onEnter('#:schema', './castra.schema.json'), '');
  });

  test('closes nothing in comments and strings', () => {
    assert.equal(configuration.comments.lineComment, '#');
    for (const { open, notIn } of configuration.autoClosingPairs) assert.deepEqual(notIn, ['string', 'comment'], open);
  });
});
