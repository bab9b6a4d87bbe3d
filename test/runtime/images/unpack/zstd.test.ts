import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { unpackZstd } from '../../../../runtime/images/unpack/zstd.ts';
import { type FrameDecoder, fzstdDecoder, nodeDecoder } from '../../../../runtime/images/unpack/zstdDecoders.ts';

const skip = spawnSync('zstd', ['--version']).status === 0 ? false : 'zstd is not installed';
const pack = (data: Buffer, ...args: string[]) => execFileSync('zstd', ['-q', '-c', ...args], { input: data });

/** Bytes that can be packed, but not to nothing. */
function somewhatRandom(length: number): Buffer {
  const data = Buffer.alloc(length);
  for (let at = 0, seed = 1; at < length; at++) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    data[at] = at % 97 < 40 ? seed >>> 24 : at >>> 8;
  }
  return data;
}

const decoders = { fzstd: fzstdDecoder, ...(nodeDecoder ? { node: nodeDecoder } : {}) };

async function unpackWith(decoder: FrameDecoder, packed: Buffer, pieceBytes = 65_536): Promise<Buffer> {
  async function* pieces() {
    for (let at = 0; at < packed.length; at += pieceBytes) yield packed.subarray(at, at + pieceBytes);
  }
  const parts: Uint8Array[] = [];
  for await (const part of unpackZstd(pieces(), decoder)) parts.push(part);
  return Buffer.concat(parts);
}

const contents: Readonly<Record<string, Buffer>> = {
  nothing: Buffer.alloc(0),
  'one byte': Buffer.from('a'),
  zeros: Buffer.alloc(300_000),
  'several blocks': somewhatRandom(700_000),
};

for (const [name, decoder] of Object.entries(decoders)) {
  const unpack = (packed: Buffer, pieceBytes?: number) => unpackWith(decoder, packed, pieceBytes);

  describe(`unpackZstd with ${name}`, { skip }, () => {
    for (const [what, data] of Object.entries(contents)) {
      for (const args of [[], ['-19'], ['--fast=5'], ['--no-check'], ['--no-content-size'], ['--long=27']]) {
        test(`gives back ${what}, packed ${args[0] ?? 'as usual'}`, async () => {
          assert.ok((await unpack(pack(data, ...args))).equals(data));
        });
      }
    }

    test('takes bytes however they come', async () => {
      const data = somewhatRandom(20_000);
      for (const pieceBytes of [1, 2, 3, 7, 1000]) assert.ok((await unpack(pack(data), pieceBytes)).equals(data));
    });

    test('takes frames one after the other, and passes over those that are to be skipped', async () => {
      const [one, two] = [somewhatRandom(200_000), Buffer.from('two')];
      const skipped = Buffer.from([0x5e, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
      const packed = Buffer.concat([skipped, pack(one), skipped, pack(two, '--no-check'), skipped]);
      assert.ok((await unpack(packed)).equals(Buffer.concat([one, two])));
    });

    test('refuses an end at any other place', async () => {
      const packed = pack(somewhatRandom(2000));
      for (let length = 1; length < packed.length; length++) {
        await assert.rejects(unpack(packed.subarray(0, length)), `cut after ${length} bytes`);
      }
    });

    test('refuses what its checksum does not fit, and what is no frame', async () => {
      const packed = pack(somewhatRandom(2000));
      const damaged = Buffer.from(packed);
      damaged[packed.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
      await assert.rejects(unpack(damaged), /checksum/);
      await assert.rejects(unpack(Buffer.concat([packed, Buffer.from('junk')])), /it is not a zstd frame/);
    });

    test('refuses a window that would take all memory, and says why', async () => {
      // Its size is not known while it is packed, so it has the window that is asked for.
      const packed = pack(somewhatRandom(2000), '--long=31');
      await assert.rejects(unpack(packed), /needs 2048 MiB of memory, because it was compressed with `--long`/);
    });
  });
}
