import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textChange } from '../../../../../runtime/config/toml/change/textChange.ts';
import { createTextEditor } from '../../../../support/randomEdits.ts';

const change = (before: string, after: string) => {
  const { from, to, shift } = textChange(before, after);
  return { from, to, shift };
};

test('a change is the least stretch that differs', () => {
  assert.deepEqual(change('cpus = 2\n', 'cpus = 16\n'), { from: 7, to: 8, shift: 1 });
  assert.deepEqual(change('abc', 'ac'), { from: 1, to: 2, shift: -1 });
  assert.deepEqual(change('', 'abc'), { from: 0, to: 0, shift: 3 });
  assert.deepEqual(change('abc', ''), { from: 0, to: 3, shift: -3 });
});

test('equal texts differ nowhere', () => {
  assert.deepEqual(change('abc', 'abc'), { from: 3, to: 3, shift: 0 });
});

test('what is the same in front is not counted again behind', () => {
  assert.deepEqual(change('aa', 'aaa'), { from: 2, to: 2, shift: 1 });
  assert.deepEqual(change('aaa', 'aa'), { from: 2, to: 3, shift: -1 });
});

test('the later text is made of what is in front, what is new and what is behind', () => {
  const edit = createTextEditor(7);
  for (let round = 0, before = 'abcabcabc'.repeat(5); round < 1000; round++) {
    const after = edit(before).slice(0, 200);
    const { from, to, shift } = textChange(before, after);
    assert.equal(after.slice(0, from), before.slice(0, from));
    assert.equal(after.slice(to + shift), before.slice(to));
    assert.ok(from <= to && from <= to + shift);
    before = after;
  }
});
