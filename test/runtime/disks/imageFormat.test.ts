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
    await refuses(convert('vdi'), /VDI/);
    await refuses(write('PK\x03\x04'), /ZIP/);
  });
});
