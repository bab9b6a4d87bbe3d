import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { checkDiskSize, ImageTooLarge } from '../../../runtime/disks/diskLimit.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

const MIB = 1024 * 1024;

describe('the size of a disk', () => {
  let folder: TempFolder;
  before(() => {
    folder = tempFolder();
  });
  after(() => folder.dispose());

  for (const format of ['qcow2', 'raw', 'vpc', 'vmdk', 'vdi'] as const) {
    test(`is read from the header of ${format}`, async () => {
      const path = join(folder.path, format);
      const options = format === 'vpc' ? ['-o', 'force_size=on'] : [];
      execFileSync('qemu-img', ['create', '-q', '-f', format, ...options, path, '3G']);
      await checkDiskSize(path, format, 3072 * MIB);
      await assert.rejects(checkDiskSize(path, format, 2048 * MIB), (error) => {
        assert.ok(error instanceof ImageTooLarge);
        assert.match(error.message, /its disk is 3 GiB, more than the 2 GiB/);
        return true;
      });
    });
  }
});
