import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineDecoder } from '../../../client/cli/decode.ts';

test('lines come out whole, however the pipe cuts them; what is no line of ours is not lost', () => {
  const lines: string[] = [];
  const others: string[] = [];
  const decoder = lineDecoder(
    (line) => lines.push(line.type),
    (text) => others.push(text),
  );
  for (const piece of [
    '{"type":"stre',
    'am.started"}\n{"ty',
    'pe":"vm.ready"}\nWarning: x\n[1]\nnull\n{"type":"last"}',
  ])
    decoder.write(piece);
  decoder.end();
  assert.deepEqual(lines, ['stream.started', 'vm.ready', 'last']);
  assert.deepEqual(others, ['Warning: x', '[1]', 'null']);
});
