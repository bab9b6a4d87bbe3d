import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { DEFAULT_MAX_IMAGE_BYTES } from '../../../runtime/config/defaults.ts';
import { CastraError, type Failure } from '../../../runtime/contract/failures.ts';
import { silent } from '../../../runtime/contract/reporter.ts';
import { alpineUrl, defaultImages, defaultImageUrls } from '../../../runtime/images/defaultImages.ts';
import { ensureImage } from '../../../runtime/images/ensureImage.ts';
import { importImage } from '../../../runtime/images/importImage.ts';
import { type ImageBench, imageBench, makeImage } from '../../support/imageBench.ts';
import { sha256 } from '../../support/imageServer.ts';

const digestOf = (content: Buffer) => ({ algorithm: 'sha256', hex: sha256(content) }) as const;

async function failureOf(attempt: Promise<unknown>): Promise<Failure> {
  try {
    await attempt;
  } catch (error) {
    assert.ok(error instanceof CastraError, String(error));
    return error.failure;
  }
  return assert.fail('it did not fail');
}

/** Writes other bytes to a cached image; with `secretly` its size and time stay. */
function damage(path: string, secretly = false): void {
  const { atime, mtime, mode } = statSync(path);
  const bytes = readFileSync(path);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  chmodSync(path, 0o600);
  writeFileSync(path, bytes);
  chmodSync(path, mode);
  if (secretly) utimesSync(path, atime, mtime);
}

describe('an image with a digest', { concurrency: 4 }, () => {
  test('is downloaded once, read-only and named by its content', () =>
    imageBench(async ({ ensure, digest, home, image, url, server, of }) => {
      const found = await ensure(digest);
      assert.deepEqual(found, {
        path: join(home, 'images', `${digest.hex}.qcow2`),
        sha256: digest.hex,
        bytes: image.length,
        url,
        diagnostics: [],
      });
      assert.equal(statSync(found.path).mode & 0o777, 0o444);
      assert.equal(statSync(found.path.replace('.qcow2', '.json')).mode & 0o777, 0o600);
      assert.equal(statSync(dirname(found.path)).mode & 0o777, 0o700);
      assert.deepEqual(await ensure(digest), found);
      assert.deepEqual(
        server.requests.map(({ path }) => path),
        ['/x.qcow2'],
      );
      assert.equal(of('image.ready').length, 2);
      const left = readdirSync(join(home, 'images', 'partial')).filter((name) => !name.endsWith('.lock'));
      assert.deepEqual(left, []);
    }));

  test('is downloaded once for all who want it at the same time', () =>
    imageBench(async ({ ensure, digest, server }) => {
      server.behave('/x.qcow2', { trickle: { chunk: 64 * 1024, everyMs: 20 } });
      const found = await Promise.all(Array.from({ length: 4 }, () => ensure(digest)));
      assert.equal(new Set(found.map(({ path }) => path)).size, 1);
      assert.equal(server.requests.length, 1);
    }));

  test('never touches the network once it is cached, and a server that is gone does not matter', () =>
    imageBench(async ({ ensure, digest, server }) => {
      await ensure(digest);
      server.behave('/x.qcow2', { status: 500 });
      await ensure(digest);
      assert.equal(server.requests.length, 1);
    }));

  test('is found whichever URL it came from', () =>
    imageBench(async ({ ensure, digest, server }) => {
      await ensure(digest);
      await ensure(digest, '/elsewhere.qcow2');
      assert.equal(server.requests.length, 1);
    }));

  test('that is not the expected one is refused and deleted', () =>
    imageBench(async ({ ensure, home, of }) => {
      const failure = await failureOf(ensure({ algorithm: 'sha256', hex: '0'.repeat(64) }));
      assert.equal(failure.kind, 'image-failed');
      assert.match(failure.detail, /not the expected one/);
      assert.equal(of('image.discarded').length, 1);
      assert.deepEqual(
        readdirSync(join(home, 'images')).filter((name) => name.endsWith('.qcow2')),
        [],
      );
    }));

  test('that is no disk is refused, and not asked to be gone on with', () => {
    const page = Buffer.from('<html>please log in</html>');
    return imageBench(
      async ({ ensure, home }) => {
        const failure = await failureOf(ensure(digestOf(page), '/page'));
        assert.match(failure.kind === 'image-failed' ? failure.detail : '', /web page, not a disk/);
        assert.deepEqual(
          readdirSync(join(home, 'images', 'partial')).filter((name) => !name.endsWith('.lock')),
          [],
        );
      },
      { files: { '/page': page } },
    );
  });

  test('ends with its command, and the next one goes on', () =>
    imageBench(async ({ ensure, digest, server, of }) => {
      server.behave('/x.qcow2', { times: 1, trickle: { chunk: 32 * 1024, everyMs: 50 } });
      const cancel = new AbortController();
      const first = failureOf(ensure(digest, '/x.qcow2', cancel.signal));
      while (!of('image.progress').some(({ receivedBytes }) => receivedBytes > 0)) await delay(10);
      cancel.abort();
      assert.equal((await first).kind, 'cancelled');
      await ensure(digest);
      assert.match(server.requests[1]?.range ?? '', /^bytes=[1-9]/);
    }));

  test('is unpacked and converted, and found by the digest of what was downloaded', () =>
    imageBench(async ({ ensure, image, path, server, of }) => {
      const raw = join(path, 'disk.raw');
      writeFileSync(join(path, 'disk.qcow2'), image);
      execFileSync('qemu-img', ['convert', '-O', 'raw', join(path, 'disk.qcow2'), raw]);
      const packed = gzipSync(readFileSync(raw));
      server.put('/disk.raw.gz', packed);
      const found = await ensure(digestOf(packed), '/disk.raw.gz');
      execFileSync('qemu-img', ['compare', raw, found.path]);
      assert.deepEqual([of('image.unpacking').length, of('image.converting')[0]?.from], [1, 'raw']);
      assert.equal(found.sha256, sha256(readFileSync(found.path)));
      assert.deepEqual(await ensure(digestOf(packed), '/disk.raw.gz'), found);
      assert.equal(server.requests.length, 1);
    }));
});

describe('a cached image', { concurrency: 4 }, () => {
  test('that was only touched is sound after all', () =>
    imageBench(async ({ ensure, digest, server, of }) => {
      const { path } = await ensure(digest);
      utimesSync(path, new Date(0), new Date(0));
      await ensure(digest);
      assert.equal(server.requests.length, 1);
      const verified = of('image.verified').length;
      await ensure(digest);
      assert.equal(of('image.verified').length, verified, 'it is not read again each time');
    }));

  test('that was changed is discarded and downloaded anew', () =>
    imageBench(async ({ ensure, digest, image, server, of }) => {
      const { path } = await ensure(digest);
      damage(path);
      await ensure(digest);
      assert.ok(readFileSync(path).equals(image));
      assert.deepEqual(
        of('image.discarded').map((event) => event.path),
        [path],
      );
      assert.equal(server.requests.length, 2);
    }));

  test('that is gone, or whose record is, is downloaded anew', () =>
    imageBench(async ({ ensure, digest, server }) => {
      const { path } = await ensure(digest);
      for (const [index, lost] of [path, path.replace('.qcow2', '.json')].entries()) {
        chmodSync(lost, 0o600);
        execFileSync('rm', [lost]);
        await ensure(digest);
        assert.equal(server.requests.length, index + 2);
      }
    }));
});

describe('an image without a digest', { concurrency: 4 }, () => {
  const sums = (bench: ImageBench, path: string, text: string) => bench.server.put(path, Buffer.from(text));
  const texts = {
    '/x.qcow2.sha256': (hex: string) => hex,
    '/SHA256SUMS': (hex: string) => `SHA256 (x.qcow2) = ${hex}\n`,
  };
  for (const [path, text] of Object.entries(texts)) {
    test(`is checked by ${path}, which is remembered`, () =>
      imageBench(async (bench) => {
        sums(bench, path, text(bench.digest.hex));
        assert.deepEqual((await bench.ensure()).diagnostics, []);
        assert.equal(bench.of('image.verified').length, 1);
        const asked = bench.server.requests.length;
        await bench.ensure();
        assert.equal(bench.server.requests.length, asked);
      }));
  }

  test('is checked by a SHA-512 as well', () =>
    imageBench(async (bench) => {
      sums(bench, '/SHA512SUMS', `${createHash('sha512').update(bench.image).digest('hex')} *x.qcow2\n`);
      assert.deepEqual((await bench.ensure()).diagnostics, []);
      await bench.ensure();
      assert.equal(bench.server.requests.filter(({ path }) => path === '/x.qcow2').length, 1);
    }));

  test('that is not what its publisher says is refused', () =>
    imageBench(async (bench) => {
      sums(bench, '/x.qcow2.sha256', '1'.repeat(64));
      const failure = await failureOf(bench.ensure());
      assert.match(failure.kind === 'image-failed' ? failure.detail : '', /from the digest of its publisher/);
    }));

  test('and without checksums is trusted when it is first used, with a warning that says what to write', () =>
    imageBench(async ({ ensure, digest }) => {
      const [warning] = (await ensure()).diagnostics;
      assert.equal(warning?.code, 'image/unpinned');
      assert.ok(warning?.help?.includes(`base_image_sha256 = "${digest.hex}"`));
    }));

  test('is still what it was when its file was lost, or it is refused', () =>
    imageBench(async ({ ensure, server, path }) => {
      const first = await ensure();
      damage(first.path);
      assert.equal((await ensure()).sha256, first.sha256);
      server.put('/x.qcow2', makeImage(path, 'b'));
      damage(first.path);
      const failure = await failureOf(ensure());
      assert.match(failure.kind === 'image-failed' ? failure.detail : '', /differs from the first download/);
    }));

  test('is not trusted while nobody can say whether there are checksums', () =>
    imageBench(async ({ ensure, server }) => {
      server.behave('/x.qcow2.sha256', { dropAfter: 0 });
      assert.equal((await failureOf(ensure())).kind, 'image-failed');
      assert.ok(server.requests.every(({ path }) => path !== '/x.qcow2'));
    }));

  test('that a digest was once given for is found without one, without the network', () =>
    imageBench(async ({ ensure, digest, server }) => {
      await ensure(digest);
      assert.deepEqual((await ensure()).diagnostics, []);
      assert.equal(server.requests.length, 1);
    }));
});

describe('importing', { concurrency: 4 }, () => {
  const run = { report: silent, signal: new AbortController().signal };

  test('makes a file known by its digest, and leaves it where it is', () =>
    imageBench(async ({ home, path, image, digest, ensure, server }) => {
      const file = join(path, 'by hand');
      writeFileSync(file, image);
      const imported = await importImage({ home, qemuImg: 'qemu-img', file, maxBytes: DEFAULT_MAX_IMAGE_BYTES }, run);
      assert.equal(imported.source.sha256, digest.hex);
      assert.equal(imported.defaultFor, undefined);
      assert.ok(existsSync(file));
      assert.equal((await ensure(digest)).path, imported.path);
      const hex = createHash('sha512').update(image).digest('hex');
      assert.equal((await ensure({ algorithm: 'sha512', hex })).path, imported.path);
      assert.equal(server.requests.length, 0);
    }));

  test('says why a file is of no use', () =>
    imageBench(async ({ home, path }) => {
      const reasons = { page: ['<html>', /web page/], none: [undefined, /ENOENT/] } as const;
      for (const [name, [content, why]] of Object.entries(reasons)) {
        const file = join(path, name);
        if (content !== undefined) writeFileSync(file, content);
        const failure = await failureOf(
          importImage({ home, qemuImg: 'qemu-img', file, maxBytes: DEFAULT_MAX_IMAGE_BYTES }, run),
        );
        assert.match(failure.kind === 'image-failed' ? failure.detail : '', why);
      }
      const left = readdirSync(join(home, 'images', 'partial'));
      assert.deepEqual(left, ['import.lock']);
    }));
});

describe('the default image', () => {
  test('is asked for at the mirrors first, and has one name wherever it comes from', () => {
    const image = defaultImages.x86_64;
    assert.deepEqual(
      defaultImageUrls(image, ['https://mirror.example.org/alpine/', 'https://mirror.example.org/alpine']),
      [`https://mirror.example.org/alpine${image.path}`, alpineUrl(image)],
    );
  });

  test('that cannot be had is described so that it can be got by hand', () =>
    imageBench(async ({ home, url }) => {
      const mirror = url.replace('/x.qcow2', '/alpine');
      const request = {
        image: { kind: 'default-alpine' },
        architecture: 'aarch64',
        mirrors: [],
        settings: { home, alpineMirror: mirror, proxy: { https: 'http://127.0.0.1:1' } },
        maxBytes: DEFAULT_MAX_IMAGE_BYTES,
        qemuImg: 'qemu-img',
      } as const;
      const run = { report: silent, signal: new AbortController().signal };
      const failure = await failureOf(ensureImage(request, run));
      assert.ok(failure.kind === 'image-failed');
      const { path, digest, bytes } = defaultImages.aarch64;
      for (const part of [`${mirror}${path}`, digest.hex, `${bytes} bytes`, 'castra images import FILE'])
        assert.ok(failure.detail.includes(part), failure.detail);
    }));
});
