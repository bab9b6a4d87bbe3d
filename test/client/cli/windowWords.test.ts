import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inWindowWords } from '../../../client/cli/windowWords.ts';

test('commands that have a button are called by it', () => {
  const text =
    'Its disk is still there: `castra up db` discards it. `castra down --keep-overlay db` or `castra export db FILE` saves it.';
  assert.equal(
    inWindowWords(text),
    'Its disk is still there: “Up” discards it. “Down and Keep Disk” or “Export Disk…” saves it.',
  );
  assert.equal(inWindowWords('Lower `cpus`, or pass --force.'), 'Lower `cpus`, or choose “Start Anyway”.');
});

test('others stay as they are', () => {
  assert.equal(inWindowWords('`castra doctor --adopt` and `castra list`'), '`castra doctor --adopt` and `castra list`');
});
