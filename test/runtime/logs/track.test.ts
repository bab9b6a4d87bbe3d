import assert from 'node:assert/strict';
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openTail } from '../../../runtime/logs/tail.ts';
import { LogTracker } from '../../../runtime/logs/track.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

describe('following a log', () => {
  let folder: TempFolder;
  let log: string;
  let tracker: LogTracker;
  beforeEach(() => {
    folder = tempFolder();
    log = join(folder.path, 'log');
    tracker = new LogTracker(log);
  });
  afterEach(() => {
    tracker.close();
    return folder.dispose();
  });

  function news(): string[] {
    const lines: string[] = [];
    while (tracker.read((line) => lines.push(line)));
    return lines;
  }

  test('waits for a file that is not there yet', () => {
    assert.deepEqual(news(), []);
    writeFileSync(log, 'one\n');
    assert.deepEqual(news(), ['one']);
    appendFileSync(log, 'two\nthree\n');
    assert.deepEqual(news(), ['two', 'three']);
    assert.deepEqual(news(), []);
  });

  test('goes on where the last lines began', () => {
    writeFileSync(log, 'one\ntwo\n');
    tracker = new LogTracker(log, openTail(log, { lines: 1 }).current);
    assert.deepEqual(news(), ['two']);
  });

  test('holds a line back until it ends', () => {
    writeFileSync(log, 'be');
    assert.deepEqual(news(), []);
    appendFileSync(log, 'gin\n');
    assert.deepEqual(news(), ['begin']);
  });

  test('shows a prompt after a quiet moment', async () => {
    writeFileSync(log, 'web login: ');
    assert.deepEqual(news(), []);
    await delay(1100);
    assert.deepEqual(news(), ['web login: ']);
    appendFileSync(log, 'root\n');
    assert.deepEqual(news(), ['root']);
  });

  test('starts again when the file was emptied', () => {
    writeFileSync(log, 'a long first line\n');
    news();
    writeFileSync(log, 'new\n');
    assert.deepEqual(news(), ['new']);
  });

  test('reads from the copy what it had not read when a keeper emptied the file', () => {
    writeFileSync(log, 'one\ntwo\n');
    assert.deepEqual(news(), ['one', 'two']);
    appendFileSync(log, 'three\nfo');
    copyFileSync(log, `${log}.1`);
    truncateSync(log);
    appendFileSync(log, 'ur\n');
    assert.deepEqual(news(), ['three', 'fo', 'ur']);
  });

  test('does not take an older rotated file for that copy', () => {
    writeFileSync(`${log}.1`, 'something else that is long enough\n');
    writeFileSync(log, 'one\ntwo\n');
    news();
    writeFileSync(log, 'new\n');
    assert.deepEqual(news(), ['new']);
  });

  test('reads the rest of a renamed file, then the new one', () => {
    writeFileSync(log, 'one\n');
    news();
    appendFileSync(log, 'two\n');
    renameSync(log, `${log}.1`);
    appendFileSync(`${log}.1`, 'three');
    writeFileSync(log, 'four\n');
    assert.deepEqual(news(), ['two', 'three', 'four']);
  });

  test('reads on in a removed file until another one has its name', () => {
    writeFileSync(log, 'one\n');
    news();
    const writer = openSync(log, 'a');
    rmSync(log);
    writeFileSync(writer, 'two\n');
    assert.deepEqual(news(), ['two']);
    closeSync(writer);
    writeFileSync(log, 'x\n');
    assert.deepEqual(news(), ['x']);
  });

  test('outlives the removal of its folder', () => {
    log = join(folder.path, 'logs', 'log');
    tracker = new LogTracker(log);
    assert.deepEqual(news(), []);
    mkdirSync(join(folder.path, 'logs'));
    writeFileSync(log, 'one\n');
    assert.deepEqual(news(), ['one']);
    rmSync(join(folder.path, 'logs'), { recursive: true });
    assert.deepEqual(news(), []);
    mkdirSync(join(folder.path, 'logs'));
    writeFileSync(log, 'two\n');
    assert.deepEqual(news(), ['two']);
  });

  test('gives others their turn in a flood, and loses none of it', () => {
    const flood = 'line\n'.repeat(500_000);
    writeFileSync(log, flood);
    let lines = 0;
    let turns = 1;
    while (tracker.read(() => lines++)) turns++;
    assert.equal(lines, 500_000);
    assert.ok(turns > 3);
  });
});
