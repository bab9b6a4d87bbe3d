import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMemory } from '../../../../runtime/config/vms/units.ts';

test('memory is a number with a unit, or a number of MiB', () => {
  const amounts: Record<string, number> = {
    '2 GiB': 2048,
    '2GiB': 2048,
    '2048': 2048,
    '1.5g': 1536,
    ' 512 mb ': 512,
    '32': 32,
    '0.25 TiB': 262_144,
    '1048576k': 1024,
    '33554432 bytes': 32,
    '33554432b': 32,
    '16 TiB': 16_777_216,
    '0064': 64,
  };
  for (const [text, mib] of Object.entries(amounts)) assert.deepEqual(parseMemory(text), { kind: 'memory', mib }, text);
});

test('parts of a MiB are dropped', () => {
  assert.deepEqual(parseMemory('32.99'), { kind: 'memory', mib: 32 });
  assert.deepEqual(parseMemory('40000 kb'), { kind: 'memory', mib: 39 });
});

test('what is no amount is malformed', () => {
  for (const text of [
    '',
    ' ',
    'GiB',
    '-1',
    '+1',
    '1 2',
    '1e3',
    '1,5 GiB',
    '.5 GiB',
    '5. GiB',
    '1 pib',
    'nan',
    '0x10',
    '1_000',
    '9'.repeat(16),
  ]) {
    assert.deepEqual(parseMemory(text), { kind: 'malformed' }, text);
  }
});

test('amounts that no VM can have are too little or too much', () => {
  for (const text of ['0', '31.999', '0 GiB', '32 kib', '1 b'])
    assert.equal(parseMemory(text).kind, 'too-little', text);
  for (const text of ['16777217', '16.1 TiB', '999999999999999 TiB'])
    assert.equal(parseMemory(text).kind, 'too-much', text);
});

test('a hostile text costs no time', () => {
  const start = performance.now();
  parseMemory(`${' '.repeat(100_000)}x`);
  parseMemory(`1${' '.repeat(100_000)}1`);
  parseMemory('9'.repeat(100_000));
  assert.ok(performance.now() - start < 100);
});
