import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { CastraError } from '../../../../runtime/contract/failures.ts';
import type { ImageStep } from '../../../../runtime/contract/images.ts';
import { download } from '../../../../runtime/images/download/download.ts';
import { bench, DIGEST, FILE, KIB, OTHER, tail, withoutDigest } from '../../../support/downloadBench.ts';
import { sha256 } from '../../../support/imageServer.ts';

describe('a download', { concurrency: 4 }, () => {
  test('collects the file, proves it, and says what happens', () =>
    bench(async ({ get, url, partial, events, server }) => {
      const result = await get({ bytes: FILE.length });
      assert.deepEqual(result, { url, bytes: FILE.length, sha256: DIGEST.hex });
      assert.deepEqual(readFileSync(partial), FILE);
      assert.equal(statSync(partial).mode & 0o777, 0o600);
      assert.equal(statSync(`${partial}.json`).mode & 0o777, 0o600);
      assert.deepEqual(
        events.map(({ type }) => type),
        ['image.download-started', 'image.progress', 'image.verified'],
      );
      assert.equal(server.requests[0]?.headers['accept-encoding'], 'identity');
    }));

  test('with a SHA-512 tells both digests', () =>
    bench(async ({ get }) => {
      const hex = createHash('sha512').update(FILE).digest('hex');
      const result = await get({ digest: { algorithm: 'sha512', hex } });
      assert.deepEqual([result.sha256, result.sha512], [DIGEST.hex, hex]);
    }));

  test('of an empty file works', () =>
    bench(
      async ({ url, partial, cancel }) => {
        const run = { report: () => undefined, signal: cancel.signal };
        assert.equal((await download(withoutDigest(url, partial), run)).bytes, 0);
        assert.equal(statSync(partial).size, 0);
      },
      { files: { '/image': Buffer.alloc(0) } },
    ));

  test('tells progress no more often than asked, and the last byte always', () =>
    bench(async ({ get, server, of }) => {
      server.behave('/image', { trickle: { chunk: 30 * KIB, everyMs: 10 } });
      await get({ timings: { progressMs: 60 } });
      const progress = of('image.progress');
      assert.ok(progress.length >= 2 && progress.length < 10, `${progress.length} events`);
      assert.equal(progress.at(-1)?.receivedBytes, FILE.length);
    }));

  test('of which every byte is slow is no stalled one', () =>
    bench(async ({ get, server, of }) => {
      server.behave('/image', { trickle: { chunk: 60 * KIB, everyMs: 60 } });
      await get({ timings: { stallMs: 400 } });
      assert.deepEqual(of('image.retrying'), []);
    }));
});

describe('resuming', { concurrency: 4 }, () => {
  test('after a broken connection asks only for the rest, and for it of the same file', () =>
    bench(async ({ get, server, ranges, of }) => {
      server.behave('/image', { times: 1, dropAfter: 200 * KIB });
      await get();
      const [first, second] = server.requests;
      assert.equal(first?.range, undefined);
      const start = Number(/\d+/.exec(second?.range ?? '')?.[0]);
      assert.ok(start > 0 && start <= 200 * KIB, second?.range);
      assert.match(second?.ifRange ?? '', /^"/);
      assert.equal(second?.status, 206);
      assert.equal(of('image.retrying').length, 1);
      assert.equal(of('image.download-started')[1]?.resumedBytes, start);
      assert.equal(ranges().length, 2);
    }));

  test('after a stall does the same', () =>
    bench(async ({ get, server, of, ranges }) => {
      server.behave('/image', { times: 1, stallAfter: 200 * KIB });
      await get({ timings: { stallMs: 300 } });
      assert.deepEqual(ranges(), [undefined, tail(200 * KIB)]);
      assert.match(of('image.retrying')[0]?.reason ?? '', /server stopped sending/);
    }));

  test('in another process hashes what is there first', () =>
    bench(async ({ get, partial, ranges }) => {
      writeFileSync(partial, FILE.subarray(0, 1234), { mode: 0o644 });
      assert.equal((await get()).bytes, FILE.length);
      assert.deepEqual(ranges(), [tail(1234)]);
      assert.equal(statSync(partial).mode & 0o777, 0o600);
    }));

  test('starts over when the file on the server has changed since', () =>
    bench(async ({ get, server, partial, of, refusal }) => {
      server.behave('/image', { dropAfter: 200 * KIB });
      await refusal({ timings: { retries: 0 } });
      const kept = statSync(partial).size;
      server.put('/image', OTHER);
      server.behave('/image');
      const result = await get({ digest: { algorithm: 'sha256', hex: sha256(OTHER) } });
      assert.equal(result.sha256, sha256(OTHER));
      assert.equal(server.requests.at(-1)?.range, tail(kept));
      assert.equal(server.requests.at(-1)?.status, 200);
      assert.match(of('image.discarded')[0]?.reason ?? '', /from its beginning/);
    }));

  test('without a digest never joins bytes that nothing proves to belong together', () =>
    bench(async ({ url, partial, cancel, ranges, events }) => {
      writeFileSync(partial, OTHER.subarray(0, 1000));
      const run = { report: (event: ImageStep) => events.push(event), signal: cancel.signal };
      const result = await download(withoutDigest(url, partial), run);
      assert.equal(result.sha256, DIGEST.hex);
      assert.deepEqual(ranges(), [undefined]);
      assert.equal(events[0]?.type, 'image.discarded');
    }));

  test('without a digest goes on when the server proves that the file is the same', () =>
    bench(async ({ url, partial, cancel, server }) => {
      const run = { report: () => undefined, signal: cancel.signal };
      server.behave('/image', { times: 1, dropAfter: 200 * KIB });
      const result = await download(withoutDigest(url, partial), run);
      assert.equal(result.sha256, DIGEST.hex);
      assert.deepEqual(
        server.requests.map(({ status }) => status),
        [200, 206],
      );
    }));

  test('without a digest takes no weak ETag for a proof', () =>
    bench(async ({ url, partial, cancel, server, ranges }) => {
      const run = { report: () => undefined, signal: cancel.signal };
      const headers = { etag: 'W/"same"' };
      server.behave('/image', { times: 1, dropAfter: 200 * KIB, headers }, { headers });
      assert.equal((await download(withoutDigest(url, partial), run)).sha256, DIGEST.hex);
      assert.deepEqual(ranges(), [undefined, undefined]);
    }));

  test('starts over with a server that knows no ranges', () =>
    bench(async ({ get, server, of, ranges }) => {
      server.behave('/image', { times: 1, dropAfter: 200 * KIB }, { refuseRange: true });
      assert.equal((await get()).sha256, DIGEST.hex);
      assert.equal(ranges().length, 2);
      assert.equal(of('image.discarded').length, 1);
    }));

  test('a server that always starts over and always breaks off is not asked for ever', () =>
    bench(async ({ refusal, server }) => {
      server.behave('/image', { refuseRange: true, dropAfter: 200 * KIB });
      const error = await refusal({ timings: { retries: 3 } });
      assert.equal(error.kind, 'network');
      assert.ok(server.requests.length <= 8, `${server.requests.length} requests`);
    }));

  test('progress gives the retries back', () =>
    bench(async ({ get, server }) => {
      server.behave('/image', { dropAfter: 64 * KIB });
      assert.equal((await get({ timings: { retries: 1 } })).sha256, DIGEST.hex);
      assert.ok(server.requests.length >= 9, `${server.requests.length} requests`);
    }));

  test('a whole partial of a known size needs no request', () =>
    bench(async ({ get, partial, ranges }) => {
      writeFileSync(partial, FILE);
      assert.equal((await get({ bytes: FILE.length })).sha256, DIGEST.hex);
      assert.deepEqual(ranges(), []);
    }));

  test('a whole partial of unknown size is complete when the server says 416', () =>
    bench(async ({ get, partial, server }) => {
      writeFileSync(partial, FILE);
      assert.equal((await get()).sha256, DIGEST.hex);
      assert.deepEqual(
        server.requests.map(({ status }) => status),
        [416],
      );
    }));

  test('a whole partial is complete when a 416 does not tell the size, but the caller knows it', () =>
    bench(async ({ url, partial, cancel, server }) => {
      const run = { report: () => undefined, signal: cancel.signal };
      await download(withoutDigest(url, partial), run);
      server.behave('/image', { status: 416 });
      const result = await download({ ...withoutDigest(url, partial), bytes: FILE.length }, run);
      assert.equal(result.sha256, DIGEST.hex);
      assert.deepEqual(
        server.requests.map(({ range, status }) => [range, status]),
        [
          [undefined, 200],
          [tail(FILE.length), 416],
        ],
      );
    }));

  test('another mirror whose file has another size gives no bytes to the beginning of the first', () =>
    bench(
      async ({ get, server }) => {
        const urls = ['/short', '/image'].map((path) => `${server.origin}${path}`);
        await get({ urls, timings: { retries: 0 } });
        assert.deepEqual(
          server.requests.map(({ path, status }) => `${path} ${status}`),
          ['/short 200', '/image 206', '/image 200'],
        );
      },
      { files: { '/image': FILE, '/short': OTHER.subarray(1) }, behaviours: { '/short': { dropAfter: 128 * KIB } } },
    ));

  test('a partial that the server has nothing to add to is discarded', () =>
    bench(async ({ get, partial, server, of }) => {
      writeFileSync(partial, FILE.subarray(0, 1000));
      server.behave('/image', { times: 1, unsatisfiable: true });
      assert.equal((await get()).sha256, DIGEST.hex);
      assert.deepEqual(
        server.requests.map(({ status }) => status),
        [416, 200],
      );
      assert.match(of('image.discarded')[0]?.reason ?? '', /no data after this point/);
    }));

  test('a partial larger than the file is discarded', () =>
    bench(async ({ get, partial, of, ranges }) => {
      writeFileSync(partial, Buffer.alloc(FILE.length + 1));
      assert.equal((await get({ bytes: FILE.length })).sha256, DIGEST.hex);
      assert.deepEqual(ranges(), [undefined]);
      assert.match(of('image.discarded')[0]?.reason ?? '', /bytes instead of/);
    }));

  test('a bad beginning from an earlier time is not held against the server', () =>
    bench(async ({ get, partial, ranges }) => {
      writeFileSync(partial, OTHER.subarray(0, 1000));
      assert.equal((await get()).sha256, DIGEST.hex);
      assert.deepEqual(ranges(), [tail(1000), undefined]);
    }));

  test('goes on at another mirror, for the digest decides', () =>
    bench(
      async ({ get, server }) => {
        const urls = [`${server.origin}/gone`, `${server.origin}/image`];
        const result = await get({ urls, timings: { retries: 0 } });
        assert.equal(result.url, urls[1]);
        assert.deepEqual(
          server.requests.map(({ path, status }) => `${path} ${status}`),
          ['/gone 200', '/image 206'],
        );
        assert.equal(server.requests[1]?.ifRange, undefined);
      },
      { files: { '/image': FILE, '/gone': FILE }, behaviours: { '/gone': { dropAfter: 128 * KIB } } },
    ));
});

describe('a wrong file', { concurrency: 4 }, () => {
  test('is deleted, and the next mirror is asked from the beginning', () =>
    bench(
      async ({ get, server, of, ranges }) => {
        const urls = [`${server.origin}/bad`, `${server.origin}/image`];
        assert.equal((await get({ urls })).url, urls[1]);
        assert.deepEqual(ranges(), [undefined, undefined]);
        assert.match(of('image.discarded')[0]?.reason ?? '', /sha256 is [0-9a-f]{64}, not the expected/);
      },
      { files: { '/image': FILE, '/bad': FILE }, behaviours: { '/bad': { corruptAt: 300 * KIB } } },
    ));

  test('at every mirror: one sentence for each, and nothing is left', () =>
    bench(
      async ({ refusal, server, partial }) => {
        const urls = ['/bad', '/none', '/image'].map((path) => `${server.origin}${path}`);
        const error = await refusal({ urls });
        assert.equal(error.kind, 'digest');
        assert.deepEqual(
          error.attempts.map(({ url, kind }) => [url, kind]),
          [
            [urls[0], 'digest'],
            [urls[1], 'http'],
            [urls[2], 'digest'],
          ],
        );
        assert.equal(error.message.split('\n').length, 3);
        assert.match(error.message, /\/none: the server answers 404 Not Found\./);
        assert.ok(!existsSync(partial) && !existsSync(`${partial}.json`));
        assert.equal(server.requests.length, 3);
      },
      { files: { '/image': OTHER, '/bad': OTHER } },
    ));

  test('of another size is refused before its first byte', () =>
    bench(async ({ refusal, partial, of }) => {
      const error = await refusal({ bytes: FILE.length + 1 });
      assert.equal(error.kind, 'size');
      assert.deepEqual(of('image.download-started'), []);
      assert.ok(!existsSync(partial));
    }));

  test('that turns out too long is given up at once, and deleted', () =>
    bench(async ({ refusal, server, partial, of }) => {
      server.behave('/image', { chunked: true });
      assert.equal((await refusal({ bytes: 1000 })).kind, 'size');
      assert.equal(of('image.discarded').length, 1);
      assert.ok(!existsSync(partial));
    }));

  test('that ends too early is asked for again, from there', () =>
    bench(async ({ get, server, ranges }) => {
      server.behave('/image', { times: 1, truncateTo: 100 * KIB });
      assert.equal((await get({ bytes: FILE.length })).sha256, DIGEST.hex);
      assert.deepEqual(ranges(), [undefined, tail(100 * KIB)]);
    }));

  test('that is shorter than its Content-Length is asked for again', () =>
    bench(async ({ get, server }) => {
      server.behave('/image', { times: 1, headers: { 'content-length': FILE.length + 10 } });
      assert.equal((await get()).sha256, DIGEST.hex);
      assert.equal(server.requests.length, 2);
    }));

  test('packed on the way is refused', () =>
    bench(async ({ refusal, server }) => {
      server.behave('/image', { headers: { 'content-encoding': 'gzip' } });
      assert.match((await refusal()).message, /compresses the file \(gzip\)/);
      assert.equal(server.requests.length, 1);
    }));
});

describe('retrying', { concurrency: 4 }, () => {
  for (const status of [408, 425, 429, 500, 503]) {
    test(`after ${status} it asks again`, () =>
      bench(async ({ get, server, of }) => {
        server.behave('/image', { times: 2, status });
        await get();
        assert.deepEqual(
          server.requests.map((request) => request.status),
          [status, status, 200],
        );
        assert.match(of('image.retrying')[0]?.reason ?? '', new RegExp(`answers ${status}`));
      }));
  }

  for (const status of [400, 401, 403, 404, 410]) {
    test(`after ${status} it does not`, () =>
      bench(async ({ refusal, server }) => {
        server.behave('/image', { status });
        assert.equal((await refusal()).kind, 'http');
        assert.equal(server.requests.length, 1);
      }));
  }

  test('waits as long as Retry-After says, but not for ever', () =>
    bench(async ({ get, server, of }) => {
      const wait = (seconds: string) => ({ times: 1, status: 429, headers: { 'retry-after': seconds } });
      server.behave('/image', wait('1'), wait('86400'), wait(new Date(Date.now() + 86_400_000).toUTCString()));
      await get({ timings: { retryAfterMaxMs: 1200 } });
      assert.deepEqual(
        of('image.retrying').map(({ delayMs }) => delayMs),
        [1000, 1200, 1200],
      );
    }));

  test('ends after as many attempts as allowed, and keeps what is there', () =>
    bench(async ({ refusal, server, partial }) => {
      writeFileSync(partial, FILE.subarray(0, 1000));
      server.behave('/image', { status: 503 });
      assert.equal((await refusal({ timings: { retries: 2 } })).kind, 'http');
      assert.equal(server.requests.length, 3);
      assert.equal(statSync(partial).size, 1000);
    }));

  test('a server that never answers is given up', () =>
    bench(async ({ refusal, server }) => {
      server.behave('/image', { stallAfter: 0 });
      const error = await refusal({ timings: { retries: 1, connectMs: 100, responseMs: 100 } });
      assert.match(error.message, /did not answer in time/);
      assert.equal(server.requests.length, 2);
    }));

  test('a cut connection before any byte is tried again', () =>
    bench(async ({ get, server }) => {
      server.behave('/image', { times: 1, dropAfter: 0 });
      await get();
      assert.equal(server.requests.length, 2);
    }));
});

describe('cancelling', () => {
  test('ends at once and keeps what is there, for the next time', () =>
    bench(async ({ get, server, cancel, partial, of }) => {
      server.behave('/image', { stallAfter: 300 * KIB });
      const ended = get({ timings: { progressMs: 0 } }).catch((error: unknown) => error);
      while ((of('image.progress').at(-1)?.receivedBytes ?? 0) < 300 * KIB) await delay(5);
      cancel.abort();
      const error = await ended;
      assert.ok(error instanceof CastraError && error.failure.kind === 'cancelled', String(error));
      assert.deepEqual(readFileSync(partial), FILE.subarray(0, 300 * KIB));
    }));

  test('works while it waits to try again', () =>
    bench(async ({ get, server, cancel, of }) => {
      server.behave('/image', { status: 503, headers: { 'retry-after': '20' } });
      const ended = get().catch((error: unknown) => error);
      while (of('image.retrying').length === 0) await delay(5);
      cancel.abort();
      const error = await ended;
      assert.ok(error instanceof CastraError && error.failure.kind === 'cancelled', String(error));
      assert.equal(server.requests.length, 1);
    }));
});
