import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { connect as openSocket } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { DownloadError } from '../../../../runtime/images/download/downloadError.ts';
import { fetchText } from '../../../../runtime/images/download/fetchText.ts';
import { bench, DIGEST, FILE, KIB, QUICK, tail } from '../../../support/downloadBench.ts';
import { startForwardProxy } from '../../../support/forwardProxy.ts';
import { startImageServer } from '../../../support/imageServer.ts';

describe('offline', { concurrency: 4 }, () => {
  test('every mirror is asked once, and nothing is asked again', () =>
    bench(async ({ refusal, of }) => {
      const closed = await closedPort();
      const urls = [`http://127.0.0.1:${closed}/a`, 'http://castra.invalid/b', `http://127.0.0.1:${closed}/c`];
      const error = await refusal({ urls });
      assert.equal(error.kind, 'network');
      assert.match(error.message, /\/a: the connection was refused\.\n.*\/b: its host name .*\n.*\/c: the conn/);
      assert.deepEqual(of('image.retrying'), []);
    }));

  test('a host that takes no connection is given up after the connect timeout, once', () =>
    bench(async ({ refusal, of }) => {
      const hole = await blackhole();
      try {
        const error = await refusal({ urls: [`http://127.0.0.1:${hole.port}/a`], timings: { connectMs: 300 } });
        assert.match(error.message, /the connection timed out/);
        assert.deepEqual(of('image.retrying'), []);
      } finally {
        await hole.close();
      }
    }));

  test('in the middle of a download it keeps trying', () =>
    bench(async ({ refusal, server, of, partial }) => {
      server.behave('/image', { stallAfter: 100 * KIB });
      const refused = refusal({ timings: { stallMs: 300, retries: 2 } });
      while (of('image.download-started').length === 0) await delay(5);
      await server.close().catch(() => undefined);
      const error = await refused;
      assert.match(error.message, /refused/);
      assert.ok(of('image.retrying').length >= 2);
      assert.ok(statSync(partial).size > 0);
    }).catch(ignoreClosedTwice));
});

/** The test above closes its server itself. */
function ignoreClosedTwice(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_SERVER_NOT_RUNNING') throw error;
}

async function closedPort(): Promise<number> {
  const server = await startImageServer({ files: {} });
  await server.close();
  return server.port;
}

/** A process that listens but never accepts: once its queue is full, the kernel drops what comes. */
async function blackhole(): Promise<{ readonly port: number; close(): Promise<void> }> {
  const script = `const s = require('node:net').createServer(); s.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(s.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20000); process.exit(); });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [data] = await once(child.stdout, 'data');
  const port = Number(String(data));
  const fillers = Array.from({ length: 4 }, () => openSocket(port, '127.0.0.1').on('error', () => undefined));
  await delay(100);
  return {
    port,
    async close() {
      for (const socket of fillers) socket.destroy();
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describe('redirects', { concurrency: 4 }, () => {
  test('are followed, to other servers too, and ranges with them', () =>
    bench(async ({ get, server, partial }) => {
      const mirror = await startImageServer({ files: { '/there': FILE } });
      try {
        writeFileSync(partial, FILE.subarray(0, 1000));
        server.behave('/image', { redirectTo: `${mirror.origin}/there` });
        assert.equal((await get()).sha256, DIGEST.hex);
        assert.deepEqual(
          mirror.requests.map(({ range }) => range),
          [tail(1000)],
        );
      } finally {
        await mirror.close();
      }
    }));

  test('in a circle end', () =>
    bench(async ({ refusal, server }) => {
      server.behave('/image', { redirectTo: '/again' });
      server.behave('/again', { redirectTo: '/image' });
      await refusal();
      assert.ok(server.requests.length <= 11, `${server.requests.length} requests`);
    }));

  test('without end are given up', () =>
    bench(async ({ refusal, server }) => {
      for (let hop = 0; hop < 30; hop++) server.behave(`/${hop}`, { redirectTo: `/${hop + 1}` });
      server.behave('/image', { redirectTo: '/0' });
      const error = await refusal();
      assert.match(error.message, /redirects too often/);
      assert.equal(server.requests.length, 11);
    }));

  test('to something that is no http fail', () =>
    bench(async ({ refusal, server }) => {
      server.behave('/image', { redirectTo: 'file:///etc/passwd' });
      await refusal();
      assert.equal(server.requests.length, 1);
    }));

  test('take the credentials of the URL only to its own server', () =>
    bench(async ({ get, server, events }) => {
      const mirror = await startImageServer({ files: { '/there': FILE } });
      try {
        server.behave('/image', { redirectTo: `${mirror.origin}/there` });
        const url = `http://me:hunter2@127.0.0.1:${server.port}/image`;
        assert.equal((await get({ urls: [url] })).url, `http://***@127.0.0.1:${server.port}/image`);
        const expected = `Basic ${Buffer.from('me:hunter2').toString('base64')}`;
        assert.equal(server.requests[0]?.headers.authorization, expected);
        assert.equal(mirror.requests[0]?.headers.authorization, undefined);
        assert.doesNotMatch(JSON.stringify(events), /hunter2/);
      } finally {
        await mirror.close();
      }
    }));
});

describe('a proxy', { concurrency: 4 }, () => {
  test('gets http requests with the whole URL', () =>
    bench(async ({ get, url }) => {
      const proxy = await startForwardProxy();
      try {
        assert.equal((await get({ proxy: { http: proxy.url } })).sha256, DIGEST.hex);
        assert.deepEqual(proxy.requests, [`GET ${url}`]);
      } finally {
        await proxy.close();
      }
    }));

  test('follows redirects to other hosts with it', () =>
    bench(async ({ get, server, url }) => {
      const [proxy, mirror] = [await startForwardProxy(), await startImageServer({ files: { '/there': FILE } })];
      try {
        server.behave('/image', { redirectTo: `${mirror.origin}/there` });
        await get({ proxy: { http: proxy.url } });
        assert.deepEqual(proxy.requests, [`GET ${url}`, `GET ${mirror.origin}/there`]);
        assert.equal(mirror.requests[0]?.headers.host, `127.0.0.1:${mirror.port}`);
      } finally {
        await mirror.close();
        await proxy.close();
      }
    }));

  test('with credentials gets them, and nobody else does', () =>
    bench(async ({ get, refusal, events, server }) => {
      const proxy = await startForwardProxy({ user: 'me', password: 'hunter2' });
      try {
        await get({ proxy: { http: proxy.url } });
        assert.equal(server.requests[0]?.headers['proxy-authorization'], undefined);
        const error = await refusal({
          proxy: { http: proxy.url.replace('hunter2', 'hunter3') },
          digest: { ...DIGEST, hex: 'f'.repeat(64) },
        });
        assert.match(error.message, /proxy rejects the credentials \(407/);
        assert.doesNotMatch(JSON.stringify(events) + error.message, /hunter/);
      } finally {
        await proxy.close();
      }
    }));

  test('is not used for hosts of NO_PROXY', () =>
    bench(async ({ get }) => {
      const proxy = await startForwardProxy();
      try {
        await get({ proxy: { http: proxy.url, none: 'example.org,127.0.0.1' } });
        assert.deepEqual(proxy.requests, []);
      } finally {
        await proxy.close();
      }
    }));

  test('may be given without a scheme', () =>
    bench(async ({ get, url }) => {
      const proxy = await startForwardProxy();
      try {
        await get({ proxy: { http: proxy.url.replace('http://', '') } });
        assert.deepEqual(proxy.requests, [`GET ${url}`]);
      } finally {
        await proxy.close();
      }
    }));

  test('of the environment of this process is none that the caller named', () =>
    bench(async ({ get }) => {
      const before = process.env.http_proxy;
      process.env.http_proxy = 'http://127.0.0.1:9';
      try {
        assert.equal((await get()).sha256, DIGEST.hex);
      } finally {
        if (before === undefined) delete process.env.http_proxy;
        else process.env.http_proxy = before;
      }
    }));

  test('that is down is named as refused, once', () =>
    bench(async ({ refusal, of, server }) => {
      const error = await refusal({ proxy: { http: `http://127.0.0.1:${await closedPort()}` } });
      assert.match(error.message, /refused/);
      assert.deepEqual([of('image.retrying'), server.requests], [[], []]);
    }));

  test('whose setting is no URL is told without its text', () =>
    bench(async ({ refusal }) => {
      const error = await refusal({ proxy: { http: 'http://me:hunter2@[' } });
      assert.match(error.message, /proxy setting is not a URL/);
      assert.doesNotMatch(error.message, /hunter2/);
    }));
});

describe('fetchText', { concurrency: 4 }, () => {
  const never = new AbortController().signal;
  const fetch = (url: string) => fetchText(url, { signal: never, timings: { ...QUICK, retries: 2 } });

  test('returns the text, and undefined when there is none', () =>
    bench(
      async ({ server }) => {
        server.behave('/gone', { status: 410 });
        assert.equal(await fetch(`${server.origin}/sums`), 'abc  image\n');
        assert.equal(await fetch(`${server.origin}/none`), undefined);
        assert.equal(await fetch(`${server.origin}/gone`), undefined);
        assert.equal(server.requests.length, 3);
      },
      { files: { '/sums': Buffer.from('abc  image\n') } },
    ));

  test('asks again after a fault that passes, and fails after one that stays', () =>
    bench(async ({ server }) => {
      server.put('/sums', Buffer.from('abc'));
      server.behave('/sums', { times: 1, status: 503 }, { times: 1, dropAfter: 1 });
      assert.equal(await fetch(`${server.origin}/sums`), 'abc');
      server.behave('/sums', { status: 500 });
      await assert.rejects(fetch(`${server.origin}/sums`), (error) => error instanceof DownloadError);
      assert.deepEqual(
        server.requests.map(({ status }) => status),
        [503, 200, 200, 500, 500, 500],
      );
    }));

  for (const chunked of [false, true]) {
    test(`refuses more than 1 MiB, ${chunked ? 'counted' : 'announced'}`, () =>
      bench(
        async ({ server }) => {
          server.behave('/sums', { chunked });
          await assert.rejects(fetch(`${server.origin}/sums`), (error) => {
            assert.ok(error instanceof DownloadError);
            assert.equal(error.kind, 'size');
            return true;
          });
        },
        { files: { '/sums': Buffer.alloc(1024 * KIB + 1) } },
      ));
  }
});
