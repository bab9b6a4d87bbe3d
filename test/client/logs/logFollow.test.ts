import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { followLog, TAIL_BYTES } from '../../../client/logs/logFollow.ts';
import { tempFolder } from '../../support/tempProject.ts';

interface Followed {
  readonly path: string;
  readonly folder: string;
  /** Each text that was handed out. */
  readonly writes: readonly string[];
  /** Waits until this was handed out. */
  until(text: string): Promise<void>;
}

/** Follows a log in a folder of its own while `body` runs; the loop must end when it is told to. */
async function following(body: (log: Followed) => Promise<void>, before?: (path: string) => void): Promise<void> {
  const temporary = tempFolder();
  const folder = join(temporary.path, 'logs');
  const path = join(folder, 'web-serial.log');
  if (before) mkdirSync(folder);
  before?.(path);
  const ended = new AbortController();
  const writes: string[] = [];
  const done = followLog(path, (text) => writes.push(text), ended.signal);
  const until = async (text: string) => {
    const deadline = Date.now() + 10_000;
    while (!writes.join('').includes(text)) {
      assert.ok(Date.now() < deadline, `no ${JSON.stringify(text)} in ${JSON.stringify(writes.join('').slice(-500))}`);
      await delay(10);
    }
  };
  try {
    await body({ path, folder, writes, until });
  } finally {
    ended.abort();
    await done;
    await temporary.dispose();
  }
}

test('a log that is there is shown and followed, a burst as one text', () =>
  following(
    async ({ path, writes, until }) => {
      await until('first\n');
      assert.deepEqual(writes, ['first\n']);
      appendFileSync(path, Array.from({ length: 500 }, (_, line) => `line ${line}\r\n`).join(''));
      await until('line 499\n');
      assert.equal(writes.length, 2);
      assert.equal(writes[1]?.split('\n').length, 501);
    },
    (path) => writeFileSync(path, 'first\r\n'),
  ));

test('of a long log the end is shown, from the beginning of a line, with a line that says where the rest is', () =>
  following(
    async ({ path, writes, until }) => {
      await until('line 39999 \n');
      const [note, first] = writes.join('').split('\n');
      assert.match(note ?? '', /^… \d+\.\d KiB earlier: /);
      assert.ok(note?.endsWith(path));
      assert.match(first ?? '', /^line \d+ $/);
      const shown = Buffer.byteLength(writes.join('')) - Buffer.byteLength(`${note}\n`);
      assert.ok(shown <= TAIL_BYTES && shown > TAIL_BYTES - 20, `${shown} bytes`);
    },
    (path) => writeFileSync(path, Array.from({ length: 40_000 }, (_, line) => `line ${line} \n`).join('')),
  ));

test('a log whose folder is not there yet is said to be missing once, and followed when it comes', () =>
  following(async ({ path, folder, writes, until }) => {
    await until(`(not there yet: ${path})\n`);
    mkdirSync(folder);
    await delay(1200);
    assert.equal(writes.length, 1);
    writeFileSync(path, 'hello\n');
    await until('hello\n');
    assert.equal(writes.length, 2);
  }));

test('it goes on when the log is emptied, gets a new name, or is deleted and made again', () =>
  following(
    async ({ path, until }) => {
      await until('one\n');
      copyFileSync(path, `${path}.1`);
      truncateSync(path);
      appendFileSync(path, '2\n');
      await until('2\n');
      appendFileSync(path, 'last of the old\n');
      renameSync(path, `${path}.1`);
      writeFileSync(path, 'three\n');
      await until('last of the old\nthree\n');
      rmSync(path);
      writeFileSync(path, 'four\n');
      await until('four\n');
    },
    (path) => writeFileSync(path, 'one\n'),
  ));

test('a prompt without a newline is shown after a moment', () =>
  following(
    async ({ until }) => until('web login: \n'),
    (path) => writeFileSync(path, 'web login: '),
  ));

test('what cannot be read is said once, and read as soon as it can be', () =>
  following(
    async ({ path, writes, until }) => {
      await until('is not a file)\n');
      await delay(1200);
      assert.equal(writes.length, 1);
      rmSync(path, { recursive: true });
      writeFileSync(path, 'better\n');
      await until('better\n');
    },
    (path) => mkdirSync(path),
  ));
