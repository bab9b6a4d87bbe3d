import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { contentBytes } from '../../../../runtime/images/unpack/contentBytes.ts';
import type { Packing } from '../../../../runtime/images/unpack/packing.ts';
import { type TempFolder, tempFolder } from '../../../support/tempProject.ts';

const programs: Readonly<Record<Packing, readonly string[]>> = {
  gz: ['gzip', '-k'],
  xz: ['xz', '-0k', '--block-size=65536'],
  zst: ['zstd', '-qk'],
};

describe('what a packed file says about its content', () => {
  let folder: TempFolder;
  before(() => {
    folder = tempFolder();
  });
  after(() => folder.dispose());

  for (const [packing, [program = '', ...args]] of Object.entries(programs) as [Packing, readonly string[]][]) {
    for (const bytes of [7, 300, 70_000, 5_000_000]) {
      test(`is found in ${packing} of ${bytes} bytes`, async () => {
        const path = join(folder.path, `${packing}-${bytes}`);
        writeFileSync(path, Buffer.alloc(bytes, 'x'));
        execFileSync(program, [...args, path]);
        assert.equal(await contentBytes(`${path}.${packing}`, packing), packing === 'gz' ? 0 : bytes);
      });
    }

    test(`is nothing in ${packing} that is only a beginning`, async () => {
      const path = join(folder.path, `${packing}-cut`);
      writeFileSync(path, Buffer.alloc(10));
      assert.equal(await contentBytes(path, packing), 0);
    });
  }
});
