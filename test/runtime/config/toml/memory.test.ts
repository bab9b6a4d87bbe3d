import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parseToml } from '../../../../runtime/config/toml/parser.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

test('what is kept of a document does not keep its text', () => {
  const [TEXTS, LENGTH] = [50, 1_000_000];
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const kept = Array.from({ length: TEXTS }, (_, index) => {
    const comment = `# ${index} ${'.'.repeat(LENGTH)}`;
    return parseToml(`handshake_timeout_secs = "a value of some length"\nat = 2026-11-23T12:00:00Z\n${comment}`).root;
  });
  collectGarbage();
  const grown = process.memoryUsage().heapUsed - before;
  assert.equal(kept.length, TEXTS);
  // The last one is what the regular expressions of JavaScript remember.
  assert.ok(grown < 3 * LENGTH, `${TEXTS} documents of ${LENGTH} characters left ${grown} bytes`);
});
