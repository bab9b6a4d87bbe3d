import assert from 'node:assert/strict';
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { MAX_LINE_BYTES } from '../../../runtime/logs/lines.ts';
import { openTail, readSegment, type TailRequest } from '../../../runtime/logs/tail.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

const NEVER = new AbortController().signal;
const rest = () => Promise.resolve();

async function tailOf(path: string, request: TailRequest): Promise<string[]> {
  const { older, current } = openTail(path, request);
  const lines: string[] = [];
  for (const segment of current ? [...older, current] : older) {
    await readSegment(segment, (line) => lines.push(line), NEVER, rest);
    closeSync(segment.file);
  }
  return lines;
}

describe('the last lines of a log', () => {
  let folder: TempFolder;
  let log: string;
  beforeEach(() => {
    folder = tempFolder();
    log = join(folder.path, 'log');
  });
  afterEach(() => folder.dispose());
  const all = { lines: Number.POSITIVE_INFINITY };

  test('are as many as are asked for, whether or not the last one has an end', async () => {
    writeFileSync(log, 'one\ntwo\nthree\n');
    assert.deepEqual(await tailOf(log, { lines: 2 }), ['two', 'three']);
    appendFileSync(log, 'login: ');
    assert.deepEqual(await tailOf(log, { lines: 2 }), ['three', 'login: ']);
    assert.deepEqual(await tailOf(log, { lines: 99 }), ['one', 'two', 'three', 'login: ']);
    assert.deepEqual(await tailOf(log, { lines: 0 }), []);
    assert.deepEqual(await tailOf(log, all), ['one', 'two', 'three', 'login: ']);
  });

  test('are none of a file that is empty or missing', async () => {
    assert.deepEqual(openTail(log, { lines: 5 }), { older: [], lines: 0 });
    writeFileSync(log, '');
    assert.deepEqual(await tailOf(log, { lines: 5 }), []);
  });

  test('are the same wherever blocks begin', async () => {
    for (const length of [1, 2, 62, 63, 64, 65, 127]) {
      const lines = Array.from({ length: 3000 }, (_, index) => String(index).padEnd(length, '.'));
      writeFileSync(log, `${lines.join('\n')}\n`);
      for (const wanted of [1, 100, 1024, 2999, 3000, 3001]) {
        assert.deepEqual(await tailOf(log, { lines: wanted }), lines.slice(-wanted), `${wanted} lines of ${length}`);
      }
    }
  });

  test('reach back into 64 rotated files, over gaps', async () => {
    for (let number = 64; number >= 1; number--) if (number !== 7) writeFileSync(`${log}.${number}`, `old ${number}\n`);
    writeFileSync(log, 'new\n');
    assert.deepEqual(await tailOf(log, { lines: 3 }), ['old 2', 'old 1', 'new']);
    const lines = await tailOf(log, { lines: 1000 });
    assert.equal(lines.length, 64);
    assert.deepEqual([lines[0], lines[57], lines[58], lines.at(-1)], ['old 64', 'old 6', 'old 5', 'new']);
  });

  test('do not go on from one file into the next', async () => {
    writeFileSync(`${log}.1`, 'login: ');
    writeFileSync(log, 'SeaBIOS\n');
    assert.deepEqual(await tailOf(log, { lines: 5 }), ['login: ', 'SeaBIOS']);
  });

  test('take no other files for rotated ones', async () => {
    for (const name of ['log.0', 'log.01', 'log.1.gz', 'log.rotating', 'log-serial.1', 'logs.1']) {
      writeFileSync(join(folder.path, name), 'not this\n');
    }
    writeFileSync(log, 'this\n');
    assert.deepEqual(await tailOf(log, all), ['this']);
  });

  test('are text, whatever the bytes are', async () => {
    writeFileSync(
      log,
      Buffer.from([0xff, 0xfe, 10, 0, 65, 0, 10, 0xe2, 0x82, 10, 0xe2, 0x82, 0xac, 13, 13, 10, 13, 10]),
    );
    assert.deepEqual(await tailOf(log, all), ['\ufffd\ufffd', '\0A\0', '\ufffd', '€', '']);
  });

  test('are cut when they are too long, which is said', async () => {
    writeFileSync(log, `${'x'.repeat(3 * MAX_LINE_BYTES)}\nshort\n`);
    const [long = '', short] = await tailOf(log, { lines: 2 });
    assert.equal(long, `${'x'.repeat(MAX_LINE_BYTES)} [${2 * MAX_LINE_BYTES} more bytes of this line]`);
    assert.equal(short, 'short');
  });

  test('of 300 MB that are one line need no such memory', async () => {
    const bytes = 300 * 1024 * 1024;
    writeFileSync(log, 'begin');
    truncateSync(log, bytes);
    appendFileSync(log, '\nend\n');
    const before = process.memoryUsage.rss();
    const [line = '', end] = await tailOf(log, { lines: 2 });
    assert.ok(line.startsWith('begin\0\0'));
    assert.ok(line.endsWith(` [${bytes - MAX_LINE_BYTES} more bytes of this line]`));
    assert.equal(end, 'end');
    assert.ok(process.memoryUsage.rss() - before < 100 * 1024 * 1024);
  });

  test('are those that were open when a rotation comes in between', async () => {
    writeFileSync(log, 'one\ntwo\n');
    const { current } = openTail(log, { lines: 1 });
    assert.ok(current);
    renameSync(log, `${log}.1`);
    writeFileSync(log, 'three\n');
    const lines: string[] = [];
    await readSegment(current, (line) => lines.push(line), NEVER, rest);
    closeSync(current.file);
    assert.deepEqual(lines, ['two']);
  });

  test('cannot be had of something that is no file', () => {
    mkdirSync(log);
    assert.throws(() => openTail(log, { lines: 1 }), /is not a file/);
  });

  test('leave out files that were last written before a time', async () => {
    for (const [path, at] of [
      [`${log}.2`, 100],
      [`${log}.1`, 200],
      [log, 300],
    ] as const) {
      writeFileSync(path, `written ${at}\n`);
      utimesSync(path, at, at);
    }
    assert.deepEqual(await tailOf(log, { ...all, since: 150_000 }), ['written 200', 'written 300']);
    assert.deepEqual(await tailOf(log, { ...all, since: 400_000 }), []);
  });

  test('leave out the launches before a time, by the headers of the QEMU log', async () => {
    const header = (time: string) => `# 2026-01-02T${time}.000Z qemu-system-x86_64 -name web\n`;
    writeFileSync(
      log,
      `${header('01:00:00')}a\n${header('02:00:00')}b\n${header('03:00:00')}c # 2026-01-02T09:00:00Z \n`,
    );
    const since = (time: string) => tailOf(log, { ...all, headers: true, since: Date.parse(`2026-01-02T${time}Z`) });
    assert.deepEqual(
      (await since('02:30:00')).map((line) => line.slice(0, 15)),
      ['b', '# 2026-01-02T03', 'c # 2026-01-02T'],
    );
    assert.deepEqual(
      (await since('03:30:00')).map((line) => line.slice(0, 3)),
      ['c #'],
    );
    assert.equal((await since('00:30:00')).length, 6);
    // Without headers, as in a serial log, a guest's own words count for nothing.
    assert.equal((await tailOf(log, { ...all, since: Date.parse('2026-01-02T02:30:00Z') })).length, 6);
  });

  test('find headers wherever blocks begin', async () => {
    for (const shift of [-3, -2, -1, 0, 1]) {
      writeFileSync(log, `${'x'.repeat(MAX_LINE_BYTES + shift - 1)}\n# 2026-01-02T01:00:00.000Z qemu\nafter\n`);
      const request = { ...all, headers: true, since: Date.parse('2026-01-02T02:00:00Z') };
      assert.deepEqual(await tailOf(log, request), ['after'], String(shift));
    }
  });

  test('end early when they are not wanted any more', async () => {
    writeFileSync(log, 'one\n');
    const lines: string[] = [];
    await readSegment(
      { path: log, file: openSync(log, 'r'), from: 0, size: 4 },
      (line) => lines.push(line),
      AbortSignal.abort(),
      rest,
    );
    assert.deepEqual(lines, []);
  });
});
