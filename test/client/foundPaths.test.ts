import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findPaths } from '../../client/foundPaths.ts';

/** Looks that are answered by hand, and what they reported. */
function answered() {
  const answers: ((paths: readonly string[]) => void)[] = [];
  const changes: string[] = [];
  const files = findPaths(
    () => new Promise((answer) => answers.push(answer)),
    (found, lost) => changes.push([...found.map((path) => `+${path}`), ...lost.map((path) => `-${path}`)].join(' ')),
  );
  return { files, changes, answer: (look: number, paths: readonly string[]) => answers[look]?.(paths) };
}

describe('paths that are looked for', () => {
  it('are reported when they come and go', async () => {
    const { files, changes, answer } = answered();
    const first = files.look();
    answer(0, ['b', 'a']);
    await first;
    assert.deepEqual([files.paths, changes], [['a', 'b'], ['+b +a']]);
    const second = files.look();
    answer(1, ['b', 'c']);
    await second;
    assert.deepEqual([files.paths, changes[1]], [['b', 'c'], '+c -a']);
    assert.deepEqual([files.has('c'), files.has('a')], [true, false]);
  });

  it('are those of the newest look, though an older one is answered later', async () => {
    const { files, changes, answer } = answered();
    const [older, newer] = [files.look(), files.look()];
    answer(1, ['a']);
    await newer;
    answer(0, []);
    await older;
    assert.deepEqual([files.paths, changes], [['a'], ['+a']]);
  });
});
