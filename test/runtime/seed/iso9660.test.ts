import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { findExecutable } from '../../../runtime/process/spawn.ts';
import { isoImage } from '../../../runtime/seed/iso9660.ts';
import { tempFolder } from '../../support/tempProject.ts';

const NOON = new Date('2026-02-03T12:13:14.560Z');
const SECTOR = 2048;

const FILES = new Map<string, Uint8Array>([
  ['user-data', Buffer.from('#cloud-config\n{}\n')],
  ['meta-data', Buffer.from('instance-id: "größe"\n')],
  ['network-config', Buffer.alloc(0)],
  ['exact', randomBytes(SECTOR)],
  ['one-more.bin', randomBytes(SECTOR + 1)],
  ['megabytes', randomBytes(3 * 1024 * 1024 + 5)],
]);

const xorriso = findExecutable('xorriso');

/** What xorriso says about an image, and the files that it takes out of one of its trees. */
function readBack(image: Buffer, tree: 'joliet' | 'primary'): { report: string; files: Map<string, Buffer> } {
  const folder = tempFolder();
  try {
    const iso = join(folder.path, 'seed.iso');
    const out = join(folder.path, 'out');
    writeFileSync(iso, image);
    const read = ['-read_fs', tree === 'joliet' ? 'norock' : 'ecma119', '-indev', iso];
    const { status, stdout, stderr } = spawnSync(
      'xorriso',
      ['-report_about', 'NOTE', ...read, '-pvd_info', '-osirrox', 'on', '-extract', '/', out],
      { encoding: 'utf8' },
    );
    const report = stdout + stderr;
    assert.equal(status, 0, report);
    const files = new Map(readdirSync(out).map((name) => [name, readFileSync(join(out, name))]));
    return { report, files };
  } finally {
    void folder.dispose();
  }
}

const sorted = (files: ReadonlyMap<string, Uint8Array>) =>
  [...files].map(([name, bytes]) => [name, Buffer.from(bytes)] as const).sort(([a], [b]) => (a < b ? -1 : 1));

describe('isoImage', () => {
  describe('read by xorriso', { skip: xorriso ? false : 'no xorriso' }, () => {
    test('has the label, and every file by its exact name, byte for byte', () => {
      const { report, files } = readBack(isoImage('CIDATA', FILES, NOON), 'joliet');
      assert.match(report, /^Volume Id *: CIDATA$/m);
      assert.match(report, /2026020312131456/);
      assert.doesNotMatch(report, /WARNING|SORRY|FAILURE/);
      assert.deepEqual(sorted(files), sorted(FILES));
    });

    test('has the same files in its primary tree, for readers without Joliet', () => {
      const { files } = readBack(isoImage('CIDATA', FILES, NOON), 'primary');
      assert.deepEqual(
        [...files.values()].map((bytes) => bytes.toString('hex')).sort(),
        [...FILES.values()].map((bytes) => Buffer.from(bytes).toString('hex')).sort(),
      );
    });

    test('may have no files at all', () => {
      assert.equal(readBack(isoImage('EMPTY_1', new Map(), NOON), 'joliet').files.size, 0);
    });
  });

  test('is the same for the same input, and whole sectors long', () => {
    const image = isoImage('CIDATA', FILES, NOON);
    assert.deepEqual(image, isoImage('CIDATA', FILES, NOON));
    assert.equal(image.length % SECTOR, 0);
  });

  test('ends with 300 KiB of zeros for readers that read ahead', () => {
    const image = isoImage('CIDATA', new Map([['a', Buffer.alloc(SECTOR, 1)]]), NOON);
    const end = image.subarray(-300 * 1024);
    assert.ok(end.every((byte) => byte === 0));
    assert.equal(image[image.length - end.length - 1], 1);
  });

  test('refuses labels and names that would come out otherwise', () => {
    const file = Buffer.of(1);
    assert.throws(() => isoImage('cidata', FILES, NOON), RangeError);
    for (const name of ['', 'a/b', 'größe', '-x', 'x'.repeat(30)]) {
      assert.throws(() => isoImage('CIDATA', new Map([[name, file]]), NOON), RangeError, name);
    }
    const alike = new Map([
      ['a-b', file],
      ['a_b', file],
    ]);
    assert.throws(() => isoImage('CIDATA', alike, NOON), RangeError);
    const many = new Map(Array.from({ length: 60 }, (_, index) => [`file-${index}`, file]));
    assert.throws(() => isoImage('CIDATA', many, NOON), RangeError);
  });
});
