import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { CastraError } from '../../../runtime/contract/failures.ts';
import { silent } from '../../../runtime/contract/reporter.ts';
import { createOverlay, discardOverlay, type OverlayRequest, overlayBytes } from '../../../runtime/disks/overlay.ts';
import { inspectQcow2, Qcow2Error } from '../../../runtime/disks/qcow2.ts';
import { resolveBaseImage } from '../../../runtime/images/resolveBaseImage.ts';
import { makeQcow2, type TempFolder, tempFolder } from '../../support/tempProject.ts';

const MIB = 1024 * 1024;
const qemuImg = (...args: string[]) => execFileSync('qemu-img', args, { stdio: ['ignore', 'ignore', 'pipe'] });

describe('inspectQcow2', () => {
  let folder: TempFolder;
  let raw: string;
  /** Images of the same 4 MiB of data that does not compress away. */
  before(() => {
    folder = tempFolder();
    raw = join(folder.path, 'data.raw');
    const data = Buffer.alloc(4 * MIB);
    for (let at = 0; at < data.length; at += 4) data.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at);
    writeFileSync(raw, data);
  });
  after(() => folder.dispose());

  let images = 0;
  function convert(...options: string[]): string {
    const path = join(folder.path, `${images++}.qcow2`);
    qemuImg('convert', '-O', 'qcow2', ...options, raw, path);
    return path;
  }

  function create(...options: string[]): string {
    const path = join(folder.path, `${images++}.qcow2`);
    makeQcow2(path, ...options);
    return path;
  }

  function cut(path: string, size: number): string {
    const copy = join(folder.path, `${images++}-cut.qcow2`);
    copyFileSync(path, copy);
    truncateSync(copy, size);
    return copy;
  }

  const refuses = (path: string, why: RegExp) =>
    assert.rejects(inspectQcow2(path), (error) => {
      assert.ok(error instanceof Qcow2Error, String(error));
      assert.match(error.message, why);
      return true;
    });

  const kinds: Readonly<Record<string, readonly string[]>> = {
    plain: [],
    compressed: ['-c'],
    'of version 2': ['-o', 'compat=0.10'],
    'compressed, of version 2': ['-c', '-o', 'compat=0.10'],
    'of small clusters': ['-o', 'cluster_size=512'],
    'of large clusters': ['-o', 'cluster_size=2M'],
    'with extended L2 entries': ['-o', 'extended_l2=on,cluster_size=128k'],
    'compressed with zstd': ['-c', '-o', 'compression_type=zstd'],
  };
  for (const [kind, options] of Object.entries(kinds)) {
    test(`takes a whole image, ${kind}, and tells its size`, async () => {
      assert.deepEqual(await inspectQcow2(convert(...options)), { virtualBytes: 4 * MIB });
    });

    test(`sees that an image, ${kind}, is cut short anywhere`, async () => {
      const path = convert(...options);
      const { size } = statSync(path);
      for (const share of [0.001, 0.1, 0.25, 0.5, 0.75]) {
        await refuses(cut(path, Math.max(4, Math.floor(size * share))), /truncated/);
      }
    });
  }

  test('takes images without any data', async () => {
    for (const options of [[], ['-o', 'preallocation=metadata'], ['-o', 'preallocation=full'], ['-o', 'compat=0.10']]) {
      assert.deepEqual(await inspectQcow2(create(...options)), { virtualBytes: MIB });
    }
  });

  test('sees that the last compressed cluster is cut short', async () => {
    const path = convert('-c');
    await refuses(cut(path, statSync(path).size - 1024), /truncated/);
  });

  test('refuses what is no qcow2 image', async () => {
    await refuses(raw, /not a qcow2 image/);
    const empty = join(folder.path, 'empty');
    writeFileSync(empty, '');
    await refuses(empty, /not a qcow2 image/);
  });

  test('refuses an image that is cut within its header', async () => {
    await refuses(cut(convert(), 40), /truncated within its header/);
  });

  test('refuses a header that asks for an endless table, before it reads it', async () => {
    const path = cut(convert(), 4 * MIB);
    const file = readFileSync(path);
    file.writeUInt32BE(0xffffffff, 36);
    writeFileSync(path, file);
    await refuses(path, /its header is damaged/);
  });

  test('refuses versions, encryption and damage that it cannot judge', async () => {
    const header = (changes: (bytes: Buffer) => void): string => {
      const bytes = Buffer.alloc(104);
      bytes.writeUInt32BE(0x514649fb, 0);
      bytes.writeUInt32BE(3, 4);
      bytes.writeUInt32BE(16, 20);
      changes(bytes);
      const path = join(folder.path, `${images++}-header.qcow2`);
      writeFileSync(path, bytes);
      return path;
    };
    await refuses(
      header((bytes) => bytes.writeUInt32BE(4, 4)),
      /version 4/,
    );
    await refuses(
      header((bytes) => bytes.writeUInt32BE(2, 32)),
      /encrypted/,
    );
    await refuses(
      header((bytes) => bytes.writeUInt32BE(40, 20)),
      /damaged/,
    );
    await refuses(
      header((bytes) => bytes.writeUInt32BE(4096, 36)),
      /truncated/,
    );
  });

  test('refuses an image whose data is in another file', async () => {
    await refuses(create('-o', `data_file=${join(folder.path, 'data.bin')}`), /another file/);
  });
});

describe('resolveBaseImage', () => {
  let folder: TempFolder;
  beforeEach(() => {
    folder = tempFolder();
  });
  afterEach(() => folder.dispose());

  const explain = async (path: string): Promise<string> => {
    const image = { kind: 'file', path } as const;
    const request = {
      vm: 'web',
      image,
      architecture: 'x86_64',
      mirrors: [],
      maxBytes: 1024 * MIB,
      qemuImg: 'qemu-img',
    } as const;
    const run = { report: silent, signal: new AbortController().signal };
    try {
      return (await resolveBaseImage({ ...request, settings: { home: folder.path } }, run)).path;
    } catch (error) {
      assert.ok(error instanceof CastraError && error.failure.kind === 'overlay-failed');
      return error.failure.detail;
    }
  };

  test('gives the path of a whole image', async () => {
    const path = join(folder.path, 'base.qcow2');
    makeQcow2(path);
    assert.equal(await explain(path), path);
  });

  test('says what is wrong, and what to do', async () => {
    const path = join(folder.path, 'raw.img');
    writeFileSync(path, 'raw');
    assert.match(await explain(path), /whole sectors.*qemu-img convert/);
    assert.match(await explain(join(folder.path, 'none')), /does not exist/);
    assert.match(await explain(folder.path), /it is a directory\. Write the path of a file/);
  });
});

describe('an overlay', () => {
  let folder: TempFolder;
  let request: OverlayRequest;
  beforeEach(() => {
    folder = tempFolder();
    const odd = join(folder.path, 'a, b: größe');
    mkdirSync(odd);
    const baseImage = join(odd, 'base.qcow2');
    makeQcow2(baseImage);
    const overlayPath = join(odd, 'overlays/web.qcow2');
    request = { vm: 'web', qemuImg: 'qemu-img', overlayPath, baseImage, signal: new AbortController().signal };
  });
  afterEach(() => folder.dispose());

  test('is made on its base, for its owner alone', async () => {
    await createOverlay(request);
    const info: unknown = JSON.parse(
      execFileSync('qemu-img', ['info', '--output=json', request.overlayPath], { encoding: 'utf8' }),
    );
    assert.ok(typeof info === 'object' && info !== null && 'full-backing-filename' in info);
    assert.equal(info['full-backing-filename'], request.baseImage);
    assert.equal(statSync(request.overlayPath).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(dirname(request.overlayPath)), ['web.qcow2']);
  });

  test('replaces an older one', async () => {
    await createOverlay(request);
    const before = statSync(request.overlayPath).ino;
    await createOverlay(request);
    assert.notEqual(statSync(request.overlayPath).ino, before);
  });

  test('is not made half: on failure the older one stays and nothing else', async () => {
    await createOverlay(request);
    const before = statSync(request.overlayPath).ino;
    await assert.rejects(createOverlay({ ...request, baseImage: '/nonexistent.qcow2' }), (error) => {
      assert.ok(error instanceof CastraError && error.failure.kind === 'overlay-failed');
      assert.match(error.failure.detail, /nonexistent/);
      return true;
    });
    assert.equal(statSync(request.overlayPath).ino, before);
    assert.deepEqual(readdirSync(dirname(request.overlayPath)), ['web.qcow2']);
  });

  test('is not made when the command was cancelled', async () => {
    await assert.rejects(
      createOverlay({ ...request, signal: AbortSignal.abort() }),
      (error) => error instanceof CastraError && error.failure.kind === 'cancelled',
    );
    assert.ok(!existsSync(request.overlayPath));
  });

  test('is discarded with the bytes that it took on disk', async () => {
    await createOverlay(request);
    const bytes = overlayBytes(request.overlayPath);
    assert.ok(bytes !== undefined && bytes > 0);
    assert.deepEqual(await discardOverlay('qemu-img', request.overlayPath), {
      kind: 'discarded',
      reclaimedBytes: bytes,
    });
    assert.ok(!existsSync(request.overlayPath));
    assert.deepEqual(await discardOverlay('qemu-img', request.overlayPath), { kind: 'none' });
    assert.equal(overlayBytes(request.overlayPath), undefined);
  });

  test('is discarded also when its base is gone', async () => {
    await createOverlay(request);
    truncateSync(request.baseImage, 0);
    assert.equal((await discardOverlay('qemu-img', request.overlayPath)).kind, 'discarded');
  });

  test('is left when it is damaged, although qemu-img would take it for a raw disk', async () => {
    await createOverlay(request);
    const bytes = readFileSync(request.overlayPath);
    bytes[0] = 0;
    for (const damaged of [bytes, Buffer.from('garbage'), Buffer.alloc(0)]) {
      writeFileSync(request.overlayPath, damaged);
      const discard = await discardOverlay('qemu-img', request.overlayPath);
      assert.match(
        discard.kind === 'in-use' ? discard.detail : discard.kind,
        /not in qcow2 format.*Delete it yourself/,
      );
    }
  });

  test('is left when qemu-img cannot say that it is free: killed, or unable to open it', async () => {
    const killed = join(folder.path, 'killed-qemu-img');
    writeFileSync(killed, '#!/bin/sh\nkill -9 $$\n', { mode: 0o755 });
    await createOverlay(request);
    const discard = await discardOverlay(killed, request.overlayPath);
    assert.match(
      discard.kind === 'in-use' ? discard.detail : discard.kind,
      /cannot say .*SIGKILL.* Delete it yourself/,
    );
    assert.ok(existsSync(request.overlayPath));
  });

  test('in a folder named "blockchain" is not in use because of that name', async () => {
    const chain = join(folder.path, 'blockchain Failed to get "write" lock');
    mkdirSync(chain);
    const damaged = join(chain, 'disk.qcow2');
    writeFileSync(damaged, Buffer.concat([Buffer.from('QFI\xfb\0\0\0\x03', 'latin1'), Buffer.alloc(504)]));
    const discard = await discardOverlay('qemu-img', damaged);
    assert.match(discard.kind === 'in-use' ? discard.detail : discard.kind, /cannot say whether it is in use/);
  });

  test('is not discarded while a QEMU holds its lock', async () => {
    await createOverlay(request);
    const holder = spawn('qemu-io', [request.overlayPath], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      await once(holder.stdout, 'data');
      let discard = await discardOverlay('qemu-img', request.overlayPath);
      assert.equal(discard.kind, 'in-use');
      assert.match(discard.kind === 'in-use' ? discard.detail : '', /lock/i);
      assert.ok(existsSync(request.overlayPath));
      holder.kill('SIGKILL');
      await once(holder, 'exit');
      discard = await discardOverlay('qemu-img', request.overlayPath);
      assert.equal(discard.kind, 'discarded');
    } finally {
      holder.kill('SIGKILL');
      await delay(0);
    }
  });
});
