import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { assertLocalChain } from '../../../runtime/disks/localChain.ts';
import { Qcow2Error } from '../../../runtime/disks/qcow2.ts';
import { makeQcow2, type TempFolder, tempFolder } from '../../support/tempProject.ts';

describe('an image of the user’s', () => {
  let folder: TempFolder;
  const at = (name: string) => join(folder.path, name);
  beforeEach(() => {
    folder = tempFolder();
    mkdirSync(at('repo'));
    writeFileSync(at('secret'), 'a private key'.padEnd(512));
    makeQcow2(at('repo/base.qcow2'));
  });
  afterEach(() => folder.dispose());

  /** `-u`: qemu-img writes the name and does not look at the file. */
  const stand = (name: string, on: string, format = 'raw') =>
    execFileSync('qemu-img', ['create', '-q', '-u', '-f', 'qcow2', '-F', format, '-b', on, at(`repo/${name}`), '1M']);
  const refused = (name: string, why: RegExp) =>
    assert.rejects(assertLocalChain(at(`repo/${name}`)), (error) => {
      assert.ok(error instanceof Qcow2Error);
      assert.match(error.message, why);
      return true;
    });

  it('may stand alone, and on images of its own folder', async () => {
    stand('mid.qcow2', 'base.qcow2', 'qcow2');
    stand('top.qcow2', at('repo/mid.qcow2'), 'qcow2');
    for (const name of ['base', 'mid', 'top']) await assertLocalChain(at(`repo/${name}.qcow2`));
  });

  it('may not stand on a file elsewhere, however it is named', async () => {
    symlinkSync(at('secret'), at('repo/link'));
    symlinkSync(folder.path, at('repo/up'));
    for (const on of [at('secret'), '../secret', 'link', 'up/secret', `file:${at('secret')}`]) {
      stand('image.qcow2', on);
      await refused('image.qcow2', /outside its own folder/);
    }
  });

  it('may not name a protocol, which opens what it says', async () => {
    for (const on of ['nbd://localhost/x', `json:{"driver":"raw","file.filename":"${at('secret')}"}`]) {
      stand('image.qcow2', on);
      await refused('image.qcow2', /outside its own folder/);
    }
  });

  it('is refused at any level of the chain', async () => {
    stand('mid.qcow2', '../secret');
    stand('top.qcow2', 'mid.qcow2', 'qcow2');
    await refused('top.qcow2', /stands on \.\.\/secret/);
  });

  it('may stand on a raw disk that it names as one', async () => {
    writeFileSync(at('repo/disk.raw'), Buffer.alloc(512));
    stand('image.qcow2', 'disk.raw');
    await assertLocalChain(at('repo/image.qcow2'));
  });

  it('is refused when a file that it stands on is damaged, which QEMU would take for a raw disk', async () => {
    stand('image.qcow2', 'base.qcow2', 'qcow2');
    const bytes = readFileSync(at('repo/base.qcow2'));
    bytes[0] = 0;
    writeFileSync(at('repo/base.qcow2'), bytes);
    await refused('image.qcow2', /base\.qcow2 that it stands on cannot be used: it is not a qcow2 image/);
  });

  it('is refused on images of formats that may name further files', async () => {
    execFileSync('qemu-img', ['create', '-q', '-f', 'vmdk', at('repo/disk.vmdk'), '1M']);
    stand('image.qcow2', 'disk.vmdk', 'vmdk');
    await refused('image.qcow2', /disk\.vmdk, a vmdk image; convert that to qcow2/);
  });

  it('that stands on itself, or on nothing, is refused', async () => {
    stand('circle.qcow2', 'circle.qcow2', 'qcow2');
    await refused('circle.qcow2', /more than 50 files/);
    stand('lost.qcow2', 'nowhere.qcow2', 'qcow2');
    await refused('lost.qcow2', /nowhere\.qcow2 that it stands on does not exist/);
  });
});
