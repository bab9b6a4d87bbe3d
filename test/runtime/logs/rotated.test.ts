import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { rotatedLogs, rotateLog } from '../../../runtime/logs/rotated.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

describe('rotating a log that nobody writes', () => {
  let folder: TempFolder;
  let log: string;
  beforeEach(() => {
    folder = tempFolder();
    log = join(folder.path, 'log');
  });
  afterEach(() => folder.dispose());

  test('keeps as many old ones as it may, the youngest first', () => {
    for (let run = 1; run <= 5; run++) {
      writeFileSync(log, `run ${run}`);
      rotateLog(log, 3);
    }
    assert.deepEqual(rotatedLogs(log), [`${log}.1`, `${log}.2`, `${log}.3`]);
    assert.deepEqual(
      rotatedLogs(log).map((path) => readFileSync(path, 'utf8')),
      ['run 5', 'run 4', 'run 3'],
    );
    assert.ok(!existsSync(log));
  });

  test('removes what is too many since fewer are kept, and nothing that is no rotated log', () => {
    for (const name of ['log.1', 'log.2', 'log.9', 'log.10', 'log.old', 'log.1.gz', 'other.9']) {
      writeFileSync(join(folder.path, name), name);
    }
    writeFileSync(log, 'log');
    rotateLog(log, 2);
    assert.deepEqual(readdirSync(folder.path).sort(), ['log.1', 'log.1.gz', 'log.2', 'log.old', 'other.9']);
    assert.equal(readFileSync(`${log}.2`, 'utf8'), 'log.1');
  });

  test('does nothing for a log that is empty or missing', () => {
    rotateLog(log, 2);
    writeFileSync(log, '');
    writeFileSync(`${log}.1`, 'old');
    rotateLog(log, 2);
    assert.deepEqual(readdirSync(folder.path).sort(), ['log', 'log.1']);
  });
});
