import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Qcow2Error } from '../../../../runtime/disks/qcow2.ts';
import { detectPacking, type Packing } from '../../../../runtime/images/unpack/packing.ts';
import { unpack } from '../../../../runtime/images/unpack/unpack.ts';
import { type TempFolder, tempFolder } from '../../../support/tempProject.ts';

const MIB = 1024 * 1024;
const never = new AbortController().signal;

/** What packs each format; Node packs gzip itself. */
const programs: Readonly<Record<Exclude<Packing, 'gz'>, readonly string[]>> = {
  xz: ['xz', '-0', '-c'],
  zst: ['zstd', '-q', '-c'],
};

function isInstalled(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

for (const packing of ['gz', 'xz', 'zst'] as const) {
  const [program = '', ...args] = packing === 'gz' ? [] : programs[packing];
  const skip = packing === 'gz' || isInstalled(program) ? false : `${program} is not installed`;

  describe(`unpacking ${packing}`, { skip }, () => {
    let folder: TempFolder;
    let data: Buffer;
    let packed: Buffer;
    let files = 0;
    before(() => {
      folder = tempFolder();
      // A disk with something at its beginning and its end, and nothing between.
      data = Buffer.alloc(16 * MIB);
      for (let at = 0; at < MIB; at += 4) data.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at);
      data.write('the end', data.length - 7);
      packed = packing === 'gz' ? gzipSync(data) : execFileSync(program, args, { input: data, maxBuffer: 64 * MIB });
    });
    after(() => folder.dispose());

    function write(content: Buffer): string {
      const path = join(folder.path, `${files++}`);
      writeFileSync(path, content);
      return path;
    }
    const unpackAll = async (content: Buffer, signal = never, maxBytes = 1024 * MIB): Promise<string> => {
      const target = join(folder.path, `${files++}`);
      await unpack(write(content), packing, target, { maxBytes, signal });
      return target;
    };

    test('is told by the first bytes', async () => {
      assert.equal(await detectPacking(write(packed)), packing);
      assert.equal(await detectPacking(write(data)), undefined);
      assert.equal(await detectPacking(write(Buffer.alloc(0))), undefined);
    });

    test('gives back every byte, with holes for zeros, for its owner alone', async () => {
      const target = await unpackAll(packed);
      assert.ok(readFileSync(target).equals(data));
      const { blocks, mode } = statSync(target);
      assert.ok(blocks * 512 < 4 * MIB, `${blocks} blocks`);
      assert.equal(mode & 0o777, 0o600);
    });

    test('takes files that were packed one after the other', async () => {
      // More of them than are read at once: an end comes anywhere in what is read.
      const target = await unpackAll(Buffer.concat([packed, packed, packed]));
      assert.ok(readFileSync(target).equals(Buffer.concat([data, data, data])));
    });

    test('refuses what is larger than allowed, by its own word before it writes anything', async () => {
      const before = readdirSync(folder.path).length;
      await assert.rejects(unpackAll(packed, never, 8 * MIB), (error) => {
        assert.ok(error instanceof Qcow2Error);
        assert.match(error.message, /its disk is (?:0\.02 GiB, more|larger) than the 0\.01 GiB that `max_size`/);
        return true;
      });
      // gzip does not say its size, and zstd does not know it when it is fed through a pipe.
      assert.equal(readdirSync(folder.path).length, before + (packing === 'xz' ? 1 : 2));
    });

    test('refuses what is larger than allowed and than it says', async () => {
      await assert.rejects(unpackAll(Buffer.concat([packed, packed]), never, 24 * MIB), /larger than the 0\.02 GiB/);
    });

    test('refuses what is cut short or damaged', async () => {
      for (const cut of [packed.length >> 1, packed.length - 3]) {
        await assert.rejects(unpackAll(packed.subarray(0, cut)), (error) => {
          assert.ok(error instanceof Qcow2Error, String(error));
          assert.match(error.message, /cannot be unpacked .* damaged or truncated/);
          return true;
        });
      }
    });

    test('refuses what is another byte than was packed', async () => {
      for (let part = 1; part < 16; part++) {
        const damaged = Buffer.from(packed);
        const at = Math.floor((packed.length * part) / 16);
        damaged[at] = (damaged[at] ?? 0) ^ 0x10;
        await assert.rejects(unpackAll(damaged), /cannot be unpacked .* damaged or truncated/);
      }
    });

    test('ends when it is cancelled', async () => {
      await assert.rejects(unpackAll(packed, AbortSignal.abort()), { name: 'AbortError' });
    });

    test('replaces no file', async () => {
      const taken = write(Buffer.from('mine'));
      await assert.rejects(unpack(write(packed), packing, taken, { maxBytes: 1024 * MIB, signal: never }), {
        code: 'EEXIST',
      });
      assert.equal(readFileSync(taken, 'utf8'), 'mine');
    });
  });
}
