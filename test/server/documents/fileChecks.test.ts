import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FileKind, fileChecks } from '../../../server/documents/fileChecks.ts';

describe('fileChecks', () => {
  it('tells files, folders and what is missing; a path through a file is missing too', async () => {
    const files = fileChecks();
    await files.look(['package.json', 'test', 'no/such', 'package.json/x']);
    assert.deepEqual(['package.json', 'test', 'no/such', 'package.json/x', 'never-asked'].map(files.known), [
      'file',
      'folder',
      'missing',
      'missing',
      'unknown',
    ]);
  });

  it('looks again only after files have changed, and keeps the old answer meanwhile', async () => {
    let looks = 0;
    const files = fileChecks(() => Promise.resolve(looks++ === 0 ? 'missing' : 'file'));
    await files.look(['a', 'a']);
    await files.look(['a']);
    assert.deepEqual([looks, files.known('a')], [1, 'missing']);
    files.forget();
    assert.equal(files.known('a'), 'missing');
    await files.look(['a']);
    assert.deepEqual([looks, files.known('a')], [2, 'file']);
  });

  it('does not take an answer for news that was on its way when files changed', async () => {
    const answers: ((kind: FileKind) => void)[] = [];
    const files = fileChecks(() => new Promise((done) => answers.push(done)));
    const first = files.look(['a']);
    files.forget();
    answers[0]?.('missing');
    await first;
    const second = files.look(['a']);
    answers[1]?.('file');
    await second;
    assert.equal(files.known('a'), 'file');
  });

  it('does not wait for a disk that is gone, nor asks it twice', async () => {
    let looks = 0;
    const files = fileChecks(() => {
      looks += 1;
      return new Promise(() => undefined);
    });
    await files.look(['a']);
    await files.look(['a']);
    assert.deepEqual([looks, files.known('a')], [1, 'unknown']);
  });
});
