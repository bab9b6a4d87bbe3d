import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Qcow2Error } from '../../../../runtime/disks/qcow2.ts';
import { extractDisk, isTar } from '../../../../runtime/images/unpack/tar.ts';
import { type TempFolder, tempFolder } from '../../../support/tempProject.ts';

const MIB = 1024 * 1024;
const LONG = `${'images/'.repeat(20)}disk.raw`;

describe('a tar archive', () => {
  let folder: TempFolder;
  let files = 0;
  const at = (name: string) => join(folder.path, name);
  before(() => {
    folder = tempFolder();
    mkdirSync(join(at(LONG), '..'), { recursive: true });
    // Thirty pieces: more than a header and one block of a sparse map have room for.
    const disk = Buffer.alloc(8 * MIB);
    for (let piece = 0; piece < 30; piece++) disk.fill(piece + 1, piece * 256 * 1024, piece * 256 * 1024 + 4096);
    for (const name of ['disk.raw', LONG, 'second.raw']) writeFileSync(at(name), disk);
    execFileSync('fallocate', ['--dig-holes', at('disk.raw')]);
    writeFileSync(at('README'), 'read me');
    writeFileSync(at('disk.ovf'), '<Envelope/>');
    writeFileSync(at('disk.mf'), Buffer.alloc(100 * 1024));
  });
  after(() => folder.dispose());

  function pack(options: readonly string[], ...names: string[]): string {
    const path = at(`${files++}.tar`);
    execFileSync('tar', ['-C', folder.path, ...options, '-cf', path, ...names]);
    return path;
  }
  async function extract(path: string, maxBytes = 64 * MIB): Promise<string> {
    const target = at(`${files++}.out`);
    await extractDisk(path, target, { maxBytes, signal: new AbortController().signal });
    return target;
  }
  const refuses = (path: string, why: RegExp, maxBytes?: number) =>
    assert.rejects(extract(path, maxBytes), (error) => {
      assert.ok(error instanceof Qcow2Error, String(error));
      assert.match(error.message, why);
      return true;
    });

  for (const options of ['v7', 'ustar', 'gnu', 'oldgnu', 'pax', 'gnu -S', 'oldgnu -S']) {
    test(`gives its only disk, with holes for zeros: ${options}`, async () => {
      const [format, ...more] = options.split(' ');
      const path = pack([`--format=${format}`, ...more], 'README', 'disk.ovf', 'disk.raw', 'disk.mf');
      assert.ok(await isTar(path));
      const target = await extract(path);
      assert.ok(readFileSync(target).equals(readFileSync(at('disk.raw'))));
      assert.equal(statSync(target).mode & 0o777, 0o600);
      assert.ok(statSync(target).blocks * 512 < 8 * MIB + 4096);
    });
  }

  for (const format of ['gnu', 'pax']) {
    test(`may have long names: ${format}`, async () => {
      const target = await extract(pack([`--format=${format}`], 'images'));
      assert.ok(readFileSync(target).equals(readFileSync(at(LONG))));
    });
  }

  test('without a disk, or with several, is refused', async () => {
    await refuses(pack([], 'README', 'disk.ovf'), /tar archive without a disk/);
    await refuses(pack([], 'disk.raw', 'second.raw'), /with 2 files \(disk\.raw, second\.raw/);
  });

  test('that is damaged or truncated is refused', async () => {
    const path = pack([], 'disk.raw');
    truncateSync(path, 4 * MIB);
    await refuses(path, /cannot be read: the archive is truncated/);
    const damaged = readFileSync(pack([], 'README', 'disk.raw'));
    damaged[1024] = 1;
    writeFileSync(path, damaged);
    await refuses(path, /a header of the archive is damaged/);
  });

  test('of sparse files in the pax format is refused with what to do', async () => {
    await refuses(pack(['--format=pax', '-S'], 'disk.raw'), /pack it with `tar --format=gnu`/);
  });

  test('with a disk that is larger than allowed is refused before it is taken out', async () => {
    await refuses(pack(['--format=gnu', '-S'], 'disk.raw'), /its disk is 0\.01 GiB, more than/, 4 * MIB);
  });
});
