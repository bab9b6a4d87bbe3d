import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { detectFormat } from '../../../runtime/disks/imageFormat.ts';
import { Qcow2Error } from '../../../runtime/disks/qcow2.ts';
import { makeQcow2, type TempFolder, tempFolder } from '../../support/tempProject.ts';

describe('detectFormat', () => {
  let folder: TempFolder;
  let base: string;
  let files = 0;
  before(() => {
    folder = tempFolder();
    base = join(folder.path, 'base.qcow2');
    makeQcow2(base);
  });
  after(() => folder.dispose());

  const place = () => join(folder.path, `${files++}`);
  function convert(format: string, ...options: string[]): string {
    const path = place();
    execFileSync('qemu-img', ['convert', '-O', format, ...options, base, path]);
    return path;
  }
  function write(content: Buffer | string): string {
    const path = place();
    writeFileSync(path, content);
    return path;
  }
  const refuses = (path: string, why: RegExp) =>
    assert.rejects(detectFormat(path), (error) => {
      assert.ok(error instanceof Qcow2Error, String(error));
      assert.match(error.message, why);
      return true;
    });

  test('tells what qemu-img makes, whatever the file is called', async () => {
    assert.equal(await detectFormat(base), 'qcow2');
    assert.equal(await detectFormat(convert('raw')), 'raw');
    assert.equal(await detectFormat(convert('vpc')), 'vpc');
    assert.equal(await detectFormat(convert('vpc', '-o', 'subformat=fixed')), 'vpc');
    assert.equal(await detectFormat(convert('vmdk')), 'vmdk');
    assert.equal(await detectFormat(convert('vmdk', '-o', 'subformat=streamOptimized')), 'vmdk');
  });

  test('refuses a VDI image that stands on another one', async () => {
    assert.equal(await detectFormat(convert('vdi')), 'vdi');
    const differencing = readFileSync(convert('vdi'));
    differencing.writeUInt32LE(4, 76);
    await refuses(write(differencing), /VDI image that needs another file/);
  });

  test('refuses a bare file system and an ISO image, unless there is a boot sector before them', async () => {
    const ext = place();
    writeFileSync(ext, Buffer.alloc(4 * 1024 * 1024));
    execFileSync('mkfs.ext4', ['-q', ext]);
    const iso = Buffer.alloc(64 * 1024);
    iso.write('CD001', 32_769);
    const lvm = Buffer.alloc(64 * 1024);
    lvm.write('LABELONE', 512);
    for (const [content, why] of [
      [readFileSync(ext), /ext file system, not a whole disk/],
      [iso, /ISO image without a boot sector/],
      [lvm, /LVM volume/],
    ] as const) {
      await refuses(write(content), why);
      content[510] = 0x55;
      content[511] = 0xaa;
      assert.equal(await detectFormat(write(content)), 'raw');
    }
  });

  for (const flavour of ['v7', 'ustar', 'gnu', 'oldgnu', 'pax']) {
    test(`refuses a tar archive of flavour ${flavour}`, async () => {
      const path = place();
      execFileSync('tar', [`--format=${flavour}`, '-C', folder.path, '-cf', path, 'base.qcow2']);
      await refuses(path, /tar archive/);
    });
  }

  test('takes nothing for a raw disk that has no whole sectors', async () => {
    const path = place();
    writeFileSync(path, 'root:x:0:0:root:/root:/bin/sh\n');
    await refuses(path, /whole sectors of 512 bytes/);
  });

  test('refuses a qcow2 image that stands on a file', async () => {
    const path = place();
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', base, path]);
    await refuses(path, /backing file/);
  });

  test('refuses VMDK images whose data or parent is in other files', async () => {
    const flat = `${place()}.vmdk`;
    execFileSync('qemu-img', ['convert', '-O', 'vmdk', '-o', 'subformat=monolithicFlat', base, flat]);
    await refuses(flat, /VMDK descriptor/);
    const [parent, child] = [`${place()}.vmdk`, `${place()}.vmdk`];
    copyFileSync(convert('vmdk'), parent);
    execFileSync('qemu-img', ['create', '-q', '-f', 'vmdk', '-F', 'vmdk', '-b', parent, child]);
    await refuses(child, /refers to other files/);
    const header = readFileSync(parent);
    header.writeBigUInt64LE(0n, 12);
    await refuses(write(header), /refers to other files/);
  });

  test('refuses what is no disk at all, and says what it is', async () => {
    await refuses(write(''), /empty/);
    await refuses(write('\n<!DOCTYPE html><title>Log in</title>'), /web page/);
    await refuses(convert('vhdx'), /VHDX/);
    await refuses(write('PK\x03\x04'), /ZIP/);
    await refuses(write('version https://git-lfs.github.com/spec/v1\noid sha256:ab\n'), /Git LFS pointer/);
  });
});
