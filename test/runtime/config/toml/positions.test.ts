import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineIndex, offsetAt, positionAt, rangeOf } from '../../../../runtime/config/toml/positions.ts';

test('lines and columns count from one, columns in UTF-16 code units', () => {
  const index = lineIndex('a = "😀"\nb');
  assert.deepEqual(positionAt(index, 0), { line: 1, column: 1 });
  assert.deepEqual(positionAt(index, 7), { line: 1, column: 8 });
  assert.deepEqual(positionAt(index, 9), { line: 2, column: 1 });
});

test('\\n, \\r\\n and a lone \\r break lines, as in an editor', () => {
  const index = lineIndex('a\r\nb\nc\rd\r\r\n\n');
  assert.deepEqual(positionAt(index, 3), { line: 2, column: 1 });
  assert.deepEqual(positionAt(index, 7), { line: 4, column: 1 });
  assert.deepEqual([...index.starts], [0, 3, 5, 7, 9, 11, 12]);
  assert.deepEqual([...index.ends], [1, 4, 6, 8, 9, 11, 12]);
});

test('an offset inside a line break is at the end of its line', () => {
  const index = lineIndex('ab\r\nc');
  assert.deepEqual(positionAt(index, 2), { line: 1, column: 3 });
  assert.deepEqual(positionAt(index, 3), { line: 1, column: 3 });
});

test('the end of the text has a position, also behind a final line break', () => {
  assert.deepEqual(positionAt(lineIndex(''), 0), { line: 1, column: 1 });
  assert.deepEqual(positionAt(lineIndex('a\n'), 2), { line: 2, column: 1 });
});

test('positions and offsets outside the text move to the nearest place inside', () => {
  const index = lineIndex('ab\r\nc');
  assert.deepEqual(positionAt(index, -1), { line: 1, column: 1 });
  assert.deepEqual(positionAt(index, 99), { line: 2, column: 2 });
  assert.equal(offsetAt(index, { line: 0, column: 9 }), 0);
  assert.equal(offsetAt(index, { line: 1, column: 0 }), 0);
  assert.equal(offsetAt(index, { line: 1, column: 99 }), 2);
  assert.equal(offsetAt(index, { line: 9, column: 1 }), 5);
});

test('every offset outside a line break survives the way to a position and back', () => {
  const text = 'one\n\ntwo\r\nthree\r\n\r\nfour\rfive';
  const index = lineIndex(text);
  for (let offset = 0; offset <= text.length; offset++) {
    if (text[offset - 1] === '\r' && text[offset] === '\n') continue;
    assert.equal(offsetAt(index, positionAt(index, offset)), offset);
  }
});

test('a range may span lines', () => {
  const index = lineIndex('a = [\n  1,\n]\n');
  assert.deepEqual(rangeOf(index, 4, 12), { start: { line: 1, column: 5 }, end: { line: 3, column: 2 } });
});
