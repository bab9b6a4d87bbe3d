import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { DEFAULT_MAX_IMAGE_BYTES } from '../../../runtime/config/defaults.ts';
import { CastraError } from '../../../runtime/contract/failures.ts';
import type { ImageStep } from '../../../runtime/contract/images.ts';
import { resolveBaseImage } from '../../../runtime/images/resolveBaseImage.ts';
import { makeImage } from '../../support/imageBench.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

describe('a base image of the user’s', () => {
  let folder: TempFolder;
  let steps: ImageStep[];
  const at = (name: string) => join(folder.path, name);
  beforeEach(() => {
    folder = tempFolder();
    steps = [];
    makeImage(folder.path, 'a');
    execFileSync('qemu-img', ['convert', '-O', 'raw', at('a.qcow2'), at('disk.raw')]);
  });
  afterEach(() => folder.dispose());

  const resolve = async (name: string, maxBytes = DEFAULT_MAX_IMAGE_BYTES): Promise<string> => {
    const image = { kind: 'file', path: at(name) } as const;
    const settings = { home: at('home') };
    const request = { vm: 'web', image, architecture: 'x86_64', mirrors: [], settings, maxBytes } as const;
    const run = { report: (step: ImageStep) => void steps.push(step), signal: new AbortController().signal };
    return (await resolveBaseImage({ ...request, qemuImg: 'qemu-img' }, run)).path;
  };
  const refused = async (name: string, why: RegExp, maxBytes?: number) =>
    assert.rejects(resolve(name, maxBytes), (error) => {
      assert.ok(error instanceof CastraError && error.failure.kind === 'overlay-failed', String(error));
      assert.match(error.failure.detail, why);
      return true;
    });
  const sameDisk = (path: string) => execFileSync('qemu-img', ['compare', at('disk.raw'), path]);
  const conversions = () => steps.filter(({ type }) => type === 'image.converting').length;
  const convert = (format: string) =>
    execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', format, at('disk.raw'), at(`disk.${format}`)]);

  test('that is qcow2 is used where it is', async () => {
    assert.equal(await resolve('a.qcow2'), at('a.qcow2'));
    assert.ok(!existsSync(at('home')));
  });

  for (const format of ['raw', 'vpc', 'vmdk', 'vdi']) {
    test(`that is ${format} is converted once, whatever it is called`, async () => {
      if (format !== 'raw') convert(format);
      const name = `disk.${format}`;
      const before = readFileSync(at(name));
      const path = await resolve(name);
      assert.equal(dirname(path), at('home/images'));
      sameDisk(path);
      assert.equal(await resolve(name), path);
      assert.equal(conversions(), 1);
      assert.ok(readFileSync(at(name)).equals(before), 'the file stays as it is');
      assert.deepEqual(
        readdirSync(at('home/images/partial')).filter((file) => !file.endsWith('.lock')),
        [],
      );
    });
  }

  const packings: Readonly<Record<string, readonly string[]>> = {
    'disk.raw.gz': ['gzip', '-k', 'disk.raw'],
    'disk.raw.xz': ['xz', '-0k', 'disk.raw'],
    'disk.raw.zst': ['zstd', '-qk', 'disk.raw'],
    'a.qcow2.gz': ['gzip', '-k', 'a.qcow2'],
    'disk.tar': ['tar', '-cf', 'disk.tar', 'disk.raw'],
    'disk.tar.gz': ['tar', '--format=oldgnu', '-Sczf', 'disk.tar.gz', 'disk.raw'],
    'disk.tar.xz': ['tar', '-cJf', 'disk.tar.xz', 'a.qcow2'],
  };
  for (const [name, [program = '', ...args]] of Object.entries(packings)) {
    test(`that is ${name} is unpacked once`, async () => {
      execFileSync(program, args, { cwd: folder.path });
      const path = await resolve(name);
      sameDisk(path);
      assert.equal(await resolve(name), path);
      assert.equal(steps.filter(({ type }) => type === 'image.unpacking').length, name.includes('.tar.') ? 2 : 1);
      assert.ok(existsSync(at(name)));
    });
  }

  test('is converted once for all who want it, also by a link', async () => {
    symlinkSync(at('disk.raw'), at('link.raw'));
    const paths = await Promise.all(['disk.raw', 'link.raw', 'disk.raw'].map((name) => resolve(name)));
    assert.equal(new Set(paths).size, 1);
    assert.equal(conversions(), 1);
  });

  test('is converted again when it was changed, or when the cached image is gone', async () => {
    const first = await resolve('disk.raw');
    utimesSync(at('disk.raw'), new Date(), new Date(0));
    assert.equal(await resolve('disk.raw'), first, 'the same disk is the same image');
    assert.equal(conversions(), 2);
    appendFileSync(at('disk.raw'), Buffer.alloc(512, 1));
    assert.notEqual(await resolve('disk.raw'), first);
    rmSync(first, { force: true });
    truncateSync(at('disk.raw'), statSync(at('disk.raw')).size - 512);
    assert.equal(await resolve('disk.raw'), first);
    rmSync(first, { force: true });
    assert.equal(await resolve('disk.raw'), first);
    sameDisk(first);
  });

  test('that is something else is refused with what it is and what to do', async () => {
    mkdirSync(at('folder'));
    const iso = Buffer.alloc(64 * 1024);
    iso.write('CD001', 32_769);
    const others: Readonly<Record<string, readonly [Buffer | string, RegExp]>> = {
      page: ['<!DOCTYPE html>', /web page, not a disk image\. Open the page/],
      pointer: ['version https://git-lfs.github.com/spec/v1\n', /Git LFS pointer.*git lfs pull/],
      'x.iso': [iso, /ISO image without a boot sector.*cloud image/],
      empty: ['', /it is empty/],
      'x.zip': ['PK\x03\x04', /ZIP archive\. Unpack it/],
    };
    for (const [name, [content, why]] of Object.entries(others)) {
      writeFileSync(at(name), content);
      await refused(name, why);
    }
    await refused('folder', /it is a directory\. Write the path of a file in it/);
    execFileSync('gzip', ['-k', 'page'], { cwd: folder.path });
    await refused('page.gz', /web page/);
    await refused('disk.raw', /`max_size`.*allows\. Set `max_size`/, 1024);
  });
});
