import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkEdits } from '../../support/editing.ts';
import { checkFeatures, checkTyped } from '../../support/soundness.ts';
import { TYPED, TYPED_BOOTSTRAP } from '../../support/typedTexts.ts';

// `npm run fuzz:lsp` does the same at every place of all ten, and for many more edits.
describe('a file that is being typed', () => {
  it('has at most three syntax errors at once, at places that it has, after every character', () => {
    for (const text of Object.values(TYPED).slice(0, 2)) {
      for (let end = 0; end <= text.length; end++) checkTyped(text.slice(0, end));
    }
  });

  it('has an answer from every feature, in every style', () => {
    let step = 0;
    for (const text of Object.values(TYPED)) {
      for (let end = 0; end <= text.length; end += 1 + (step++ % 13)) {
        checkFeatures(checkTyped(text.slice(0, end)), [end, end >> 1]);
      }
      const whole = checkTyped(text);
      checkFeatures(
        whole,
        Array.from({ length: text.length + 1 }, (_, offset) => offset),
      );
    }
  });

  it('may be a bootstrap.toml', () => {
    const path = '/srv/demo/bootstrap/web/bootstrap.toml';
    for (let end = 0; end <= TYPED_BOOTSTRAP.length; end++) {
      checkFeatures(checkTyped(TYPED_BOOTSTRAP.slice(0, end), path), [end, end >> 1]);
    }
    assert.deepEqual(checkTyped(TYPED_BOOTSTRAP, path).diagnostics, []);
  });

  it('is the same text in the server as in the editor after 2,000 random edits, and understood the same', () => {
    checkEdits(Object.values(TYPED), 20261123, 2000);
  });
});

it('the typed files are ten, and all but one say what is meant', () => {
  assert.equal(Object.keys(TYPED).length, 10);
  const broken = Object.entries(TYPED).filter(([, text]) => checkTyped(text).project === undefined);
  assert.deepEqual(
    broken.map(([name]) => name),
    ['wrong'],
  );
});
