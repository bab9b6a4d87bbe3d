import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { copyTree } from '../../../../runtime/ssh/copy/copyTree.ts';
import type { FileFacts, FileSide } from '../../../../runtime/ssh/copy/fileSide.ts';
import { localFiles } from '../../../../runtime/ssh/copy/localFiles.ts';
import { transfer } from '../../../../runtime/ssh/copy/transfer.ts';
import { tempFolder } from '../../../support/tempProject.ts';

const signal = new AbortController().signal;
const job = { to: localFiles, signal, makeRoom: async () => undefined, skipped: () => undefined };

/** A guest that answers what it likes. */
function hostile(files: Record<string, FileFacts & { readonly entries?: string[]; readonly link?: string }>): FileSide {
  const nothing = () => assert.fail('a source is only read');
  return {
    show: (path) => `vm:${path}`,
    join: (folder, name) => `${folder}/${name}`,
    stat: async (path) => files[path],
    async *list(path) {
      yield (files[path]?.entries ?? []).map((name) => ({ name, facts: undefined }));
    },
    readWhole: async () => Buffer.from('evil'),
    readLink: async (path) => files[path]?.link ?? '',
    openToRead: async () => ({
      read: async (buffer, _length, position) => (position === 0 ? buffer.write('evil') : 0),
      close: async () => undefined,
    }),
    makeLink: nothing,
    makeFolder: nothing,
    setMode: nothing,
    writeWhole: nothing,
    openToWrite: nothing,
  };
}

const folderOf = (...entries: string[]) => ({ kind: 'folder', mode: 0o755, size: 0, entries }) as const;
const copyFrom = (from: FileSide, to: string) => copyTree({ ...job, from, count: { files: 0, bytes: 0 } }, 'x', to);

test('a guest that lists ../x writes nothing outside of the destination', async () => {
  const folder = tempFolder();
  try {
    for (const name of ['../out', '/out', '..', 'a/b']) {
      const guest = hostile({ x: folderOf(name), [`x/${name}`]: { kind: 'file', mode: 0o644, size: 4 } });
      await assert.rejects(copyFrom(guest, join(folder.path, 'in')), /which is not a valid file name here/);
    }
    assert.equal(existsSync(join(folder.path, 'out')), false);
  } finally {
    await folder.dispose();
  }
});

test('a link that a guest has planted is neither written through nor entered', async () => {
  const folder = tempFolder();
  try {
    const secret = join(folder.path, 'secret');
    const inside = join(folder.path, 'folder');
    writeFileSync(secret, 'mine');
    mkdirSync(inside);
    const into = join(folder.path, 'in');
    mkdirSync(into);
    symlinkSync(secret, join(into, 'file'));
    symlinkSync(inside, join(into, 'sub'));
    const file = hostile({ x: folderOf('file'), 'x/file': { kind: 'file', mode: 0o644, size: 4 } });
    await assert.rejects(copyFrom(file, into));
    const sub = hostile({
      x: folderOf('sub'),
      'x/sub': folderOf('f'),
      'x/sub/f': { kind: 'file', mode: 0o644, size: 4 },
    });
    await assert.rejects(copyFrom(sub, into), /is not a folder/);
    assert.equal(readFileSync(secret, 'utf8'), 'mine');
    assert.equal(existsSync(join(inside, 'f')), false);
  } finally {
    await folder.dispose();
  }
});

test('links stay links, modes are kept without setuid, and what is no file is told and left out', async () => {
  const folder = tempFolder();
  try {
    const skipped: string[] = [];
    const guest = hostile({
      x: { ...folderOf('dev', 'file', 'link'), mode: 0o500 },
      'x/dev': { kind: 'other', mode: 0o600, size: 0 },
      'x/file': { kind: 'file', mode: 0o751, size: 4 },
      'x/link': { kind: 'link', mode: 0o777, size: 0, link: '../nowhere' },
    });
    const to = join(folder.path, 'copy');
    const count = { files: 0, bytes: 0 };
    const skip = (path: string) => void skipped.push(path);
    await copyTree({ ...job, from: guest, count, skipped: skip }, 'x', to);
    assert.deepEqual(skipped, ['vm:x/dev']);
    assert.deepEqual(count, { files: 2, bytes: 4 });
    assert.equal(readlinkSync(join(to, 'link')), '../nowhere');
    assert.equal(lstatSync(join(to, 'file')).mode & 0o7777, 0o751);
    assert.equal(lstatSync(to).mode & 0o7777, 0o500);
  } finally {
    await folder.dispose();
  }
});

/** A transfer from one buffer to another; reads are short on purpose. */
async function copyBytes(source: Buffer, size: number): Promise<Buffer> {
  const target = Buffer.alloc(source.length);
  const bytes = await transfer({
    read: async (buffer, length, position) => source.copy(buffer, 0, position, position + Math.min(length, 10_000)),
    write: async (buffer, length, position) => void buffer.copy(target, position, 0, length),
    size,
  });
  assert.equal(bytes, source.length);
  return target;
}

test('every byte arrives once, whatever the size was said to be', async () => {
  const source = Buffer.from(Array.from({ length: 300_001 }, (_, index) => index % 251));
  for (const size of [0, 1, 32_768, 300_000, 300_001]) assert.deepEqual(await copyBytes(source, size), source);
  assert.deepEqual(await copyBytes(Buffer.alloc(0), 0), Buffer.alloc(0));
});

test('a file that became shorter, and a target that is full, are failures', async () => {
  await assert.rejects(copyBytes(Buffer.alloc(10), 70_000), /it shrank/);
  let running = 0;
  const read = async (_buffer: Buffer, length: number) => {
    running += 1;
    await new Promise(setImmediate);
    running -= 1;
    return length;
  };
  const write = () => Promise.reject(new Error('full'));
  await assert.rejects(transfer({ read, write, size: 10_000_000 }), /full/);
  assert.equal(running, 0);
});
