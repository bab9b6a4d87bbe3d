import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CastraError } from '../../../runtime/contract/failures.ts';
import { generateKeyPair } from '../../../runtime/seed/openssh.ts';
import { type SeedPlan, writeSeed } from '../../../runtime/seed/seed.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

const hostKey = generateKeyPair('web');

const plan = (path: string): SeedPlan => ({
  ...{ path, vm: 'web', instanceId: 'i-1', sshUser: 'alpine', isDefaultAlpine: true },
  ...{ identity: generateKeyPair('owner'), hostKey },
});

async function inFolder(body: (folder: TempFolder) => void): Promise<void> {
  const folder = tempFolder();
  try {
    body(folder);
  } finally {
    await folder.dispose();
  }
}

const kindOf = (action: () => void): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof CastraError) return error.failure.kind;
    throw error;
  }
  return 'none';
};

describe('writeSeed', () => {
  test('replaces the disk in one step, for its owner only, with other parts after those of the user', () =>
    inFolder(({ path: folder }) => {
      const path = join(folder, 'web.seed.iso');
      writeFileSync(path, 'what was there', { mode: 0o644 });
      const agent = {
        kind: 'content',
        contentType: 'text/x-shellscript',
        filename: 'agent',
        text: '#!/bin/true\n',
      } as const;
      const userData = { kind: 'inline', text: '#!/bin/mine\n' } as const;
      writeSeed({ ...plan(path), userData, parts: [agent] });
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.deepEqual(readdirSync(folder), ['web.seed.iso']);
      const image = readFileSync(path, 'latin1');
      assert.ok(image.includes(JSON.stringify(hostKey.privateKey)));
      const order = ['#!/bin/mine', '#!/bin/true', 'castra-access', 'castra-identity'].map((text) =>
        image.indexOf(text),
      );
      assert.ok(!order.includes(-1));
      assert.deepEqual(
        order,
        [...order].sort((a, b) => a - b),
      );
    }));

  test('leaves what was there when the user data cannot be used', () =>
    inFolder(({ path: folder }) => {
      const path = join(folder, 'web.seed.iso');
      writeFileSync(path, 'what was there');
      const userData = { kind: 'inline', text: 'runcmd: []\n' } as const;
      assert.equal(
        kindOf(() => writeSeed({ ...plan(path), userData })),
        'seed-failed',
      );
      assert.equal(readFileSync(path, 'utf8'), 'what was there');
    }));

  test('says so when it cannot be written', () =>
    inFolder(({ path: folder }) => {
      assert.equal(
        kindOf(() => writeSeed(plan(join(folder, 'none/web.seed.iso')))),
        'write-failed',
      );
    }));
});
