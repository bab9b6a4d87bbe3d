import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { readLines } from '../../../runtime/ssh/lines.ts';

async function pieces(chunks: readonly Buffer[]): Promise<string[]> {
  const result: string[] = [];
  await readLines(Readable.from(chunks), async (text) => void result.push(text));
  return result;
}

test('pieces are whole lines, and the last one whatever is left', async () => {
  assert.deepEqual(await pieces(['a', 'b\nc', '\nd\ne'].map((text) => Buffer.from(text))), ['ab\n', 'c\nd\n', 'e']);
  assert.deepEqual(await pieces([]), []);
});

test('a character that is cut in two arrives whole, and what is no text does no harm', async () => {
  const bytes = Buffer.from('é\n');
  assert.deepEqual(await pieces([bytes.subarray(0, 1), bytes.subarray(1)]), ['é\n']);
  assert.deepEqual(await pieces([Buffer.from([0xff])]), ['\ufffd']);
});

test('a line without an end is handed on before it fills memory', async () => {
  for (const size of [16_384, 64 * 16_384]) {
    const parts = await pieces(Array.from({ length: 64 }, () => Buffer.alloc(size, 'x')));
    assert.ok(parts.every((part) => part.length <= 128 * 1024));
    assert.equal(parts.join('').length, 64 * size);
  }
});
