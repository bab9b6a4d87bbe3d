import assert from 'node:assert/strict';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { followFile } from '../../../runtime/logs/follow.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

describe('followFile', () => {
  let folder: TempFolder;
  let path: string;
  beforeEach(() => {
    folder = tempFolder();
    path = join(folder.path, 'log');
  });
  afterEach(() => folder.dispose());

  test('reads nothing while there is no file, then all of it', () => {
    const file = followFile(path);
    assert.equal(file.read(), '');
    writeFileSync(path, 'hello');
    assert.equal(file.read(), 'hello');
    assert.equal(file.read(), '');
  });

  test('reads what is appended', () => {
    const file = followFile(path);
    for (const text of ['one\n', 'two\n']) {
      appendFileSync(path, text);
      assert.equal(file.read(), text);
    }
  });

  test('begins at an offset when it is told to', () => {
    writeFileSync(path, 'old new');
    assert.equal(followFile(path, 4).read(), 'new');
  });

  test('starts again when the file became shorter', () => {
    writeFileSync(path, 'a long first run');
    const file = followFile(path);
    file.read();
    writeFileSync(path, 'second');
    assert.equal(file.read(), 'second');
  });

  test('outlives the removal of the file', () => {
    writeFileSync(path, 'first');
    const file = followFile(path);
    file.read();
    rmSync(path);
    assert.equal(file.read(), '');
    writeFileSync(path, 'two');
    assert.equal(file.read(), 'two');
  });

  test('puts a character together that was written in two pieces', () => {
    const bytes = Buffer.from('ä€😀');
    const file = followFile(path);
    let text = '';
    for (const byte of bytes) {
      appendFileSync(path, Buffer.of(byte));
      text += file.read();
    }
    assert.equal(text, 'ä€😀');
  });

  test('does not put half a character before a new beginning', () => {
    writeFileSync(path, Buffer.from('abc€').subarray(0, -1));
    const file = followFile(path);
    assert.equal(file.read(), 'abc');
    writeFileSync(path, 'new');
    assert.equal(file.read(), 'new');
  });

  test('reads a flood in bounded pieces and loses none of it', () => {
    const flood = 'line\n'.repeat(50_000);
    writeFileSync(path, flood);
    const file = followFile(path);
    let text = '';
    for (let piece = file.read(); piece !== ''; piece = file.read()) {
      assert.ok(piece.length <= 64 * 1024);
      text += piece;
    }
    assert.equal(text, flood);
  });
});
