import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, type TestContext, test } from 'node:test';
import type { DownloadRequest } from '../../../../runtime/images/download/download.ts';
import { bench, DIGEST, FILE, KIB, QUICK, tail } from '../../../support/downloadBench.ts';
import { startForwardProxy } from '../../../support/forwardProxy.ts';
import { type ImageServer, type ImageServerOptions, startImageServer } from '../../../support/imageServer.ts';
import { tempFolder } from '../../../support/tempProject.ts';
import { eventually } from '../../../support/workbench/wait.ts';

interface Line {
  readonly type: string;
  readonly message?: string;
  readonly kind?: string;
  readonly receivedBytes?: number;
  readonly peakRssKiB?: number;
}

interface Running {
  readonly child: ChildProcess;
  /** All that it printed, once it has ended. */
  readonly lines: Promise<Line[]>;
}

/** A download in a process of its own. */
function start(request: DownloadRequest, env: NodeJS.ProcessEnv = {}): Running {
  const args = [join(process.cwd(), '.cache', 'bench', 'fetch.mjs'), JSON.stringify(request)];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const read = async () => {
    const lines: Line[] = [];
    for await (const text of createInterface({ input: child.stdout })) lines.push(JSON.parse(text) as Line);
    return lines;
  };
  return { child, lines: read() };
}

const endOf = async (running: Running): Promise<Line> => (await running.lines).at(-1) ?? { type: 'nothing' };

test('what a killed process leaves, the next one completes', () =>
  bench(async ({ server, url, partial, get }) => {
    server.behave('/image', { stallAfter: FILE.length - 10 * KIB });
    const running = start({ urls: [url], digest: DIGEST, partial, timings: QUICK });
    // The file is behind by what still gathers in memory, so it is watched, and not what is told.
    const written = async () => statSync(partial, { throwIfNoEntry: false })?.size ?? 0;
    await eventually(written, (bytes) => bytes > 0, 'Nothing is written');
    running.child.kill('SIGKILL');
    await once(running.child, 'exit');
    assert.equal(running.child.signalCode, 'SIGKILL');
    const { size } = statSync(partial);
    assert.ok(size > 0 && size < FILE.length, `${size} bytes`);
    assert.ok(FILE.subarray(0, size).equals(readFileSync(partial)));
    server.behave('/image');
    await get();
    assert.equal(server.requests.at(-1)?.range, tail(size));
    assert.equal(server.requests.at(-1)?.status, 206);
    assert.ok(FILE.equals(readFileSync(partial)));
  }));

test('a process that is done ends by itself, with nothing left open', () =>
  bench(async ({ server, url, partial }) => {
    server.behave('/image', { status: 503 });
    const end = await endOf(start({ urls: [url], digest: DIGEST, partial, timings: { ...QUICK, retries: 1 } }));
    assert.deepEqual([end.type, end.kind], ['failed', 'http']);
    assert.ok(!existsSync(partial));
  }));

test('memory does not grow with the file', () =>
  bench(
    async ({ server, partial }) => {
      const rss: number[] = [];
      for (const [path, bytes] of [
        ['/half', 64],
        ['/image', 192],
      ] as const) {
        const end = await endOf(start({ urls: [`${server.origin}${path}`], partial: `${partial}-${bytes}` }));
        assert.equal(end.type, 'done', end.message);
        rss.push((end.peakRssKiB ?? Number.NaN) / KIB);
      }
      const [half = 0, whole = Number.NaN] = rss;
      assert.ok(whole < half + 40, `${half} MiB for the smaller one, ${whole} MiB for the larger one`);
      assert.ok(whole < RSS_LIMIT_MIB, `${whole} MiB`);
    },
    { files: { '/half': Buffer.alloc(64 * KIB * KIB), '/image': Buffer.alloc(192 * KIB * KIB) } },
  ));

const RSS_LIMIT_MIB = 160;

describe('a full disk', () => {
  /** Undefined, or why not. */
  function mount(folder: string): string | undefined {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'castra-test', folder], { stdio: 'pipe' });
      return undefined;
    } catch (error) {
      return String(error);
    }
  }

  test('is named, what fits is kept, and with room it goes on from there', (t: TestContext) => {
    if (process.getuid?.() !== 0) return t.skip('only root can mount a tmpfs');
    return bench(async ({ folder, get, refusal, server }) => {
      const disk = join(folder, 'disk');
      mkdirSync(disk);
      const mounted = mount(disk);
      if (mounted !== undefined) return t.skip(`tmpfs cannot be mounted: ${mounted}`);
      try {
        const partial = join(disk, 'image.partial');
        const error = await refusal({ partial });
        assert.equal(error.kind, 'disk');
        assert.match(error.message, /no space is left on the disk of .*image\.partial.*free some space/);
        assert.equal(server.requests.length, 1);
        const { size } = statSync(partial);
        assert.ok(size > 0 && size <= 256 * KIB);
        assert.ok(FILE.subarray(0, size).equals(readFileSync(partial)));
        execFileSync('mount', ['-o', 'remount,size=4m', disk]);
        await get({ partial });
        assert.equal(server.requests.at(-1)?.range, tail(size));
      } finally {
        execFileSync('umount', [disk]);
      }
    });
  });

  test('a place that cannot be written is named', () =>
    bench(async ({ refusal, folder, server }) => {
      const error = await refusal({ partial: join(folder, 'none', 'image.partial') });
      assert.equal(error.kind, 'disk');
      assert.match(error.message, /cannot write .*ENOENT/);
      assert.deepEqual(server.requests, []);
    }));
});

describe('https', { concurrency: 2 }, () => {
  interface Secure {
    readonly server: ImageServer;
    readonly trust: NodeJS.ProcessEnv;
    readonly partial: string;
  }

  /** Which certificates a process trusts it learns at its start. */
  async function secure(body: (secure: Secure) => Promise<void>, options: Partial<ImageServerOptions> = {}) {
    const folder = tempFolder();
    const { key, cert, path } = makeCertificate(folder.path);
    const server = await startImageServer({ files: { '/image': FILE }, tls: { key, cert }, ...options });
    try {
      await body({ server, trust: { NODE_EXTRA_CA_CERTS: path }, partial: join(folder.path, 'image.partial') });
    } finally {
      await server.close();
      await folder.dispose();
    }
  }

  test('goes through a proxy in a tunnel', () =>
    secure(async ({ server, trust, partial }) => {
      const proxy = await startForwardProxy({ user: 'me', password: 'hunter2' });
      try {
        const request = { urls: [`${server.origin}/image`], digest: DIGEST, partial, proxy: { https: proxy.url } };
        assert.equal((await endOf(start(request, trust))).type, 'done');
        assert.deepEqual(proxy.requests, [`CONNECT 127.0.0.1:${server.port}`]);
        const wrong = { ...request, partial: `${partial}2`, proxy: { https: proxy.url.replace('hunter2', 'hunter3') } };
        const end = await endOf(start(wrong, trust));
        assert.match(end.message ?? '', /proxy rejects the credentials/);
        assert.doesNotMatch(end.message ?? '', /hunter/);
        assert.equal(proxy.requests.length, 2);
      } finally {
        await proxy.close();
      }
    }));

  test('with a certificate that nobody vouches for fails, without asking again', () =>
    secure(async ({ server, partial }) => {
      const lines = await start({ urls: [`${server.origin}/image`], digest: DIGEST, partial }).lines;
      assert.deepEqual(
        lines.map(({ type }) => type),
        ['failed'],
      );
      assert.match(lines[0]?.message ?? '', /certificate/);
      assert.deepEqual(server.requests, []);
    }));

  test('does not lead to http, unless a digest proves the bytes', () =>
    secure(async ({ server, trust, partial }) => {
      const mirror = await startImageServer({ files: { '/there': FILE } });
      try {
        server.behave('/image', { redirectTo: `${mirror.origin}/there` });
        const urls = [`${server.origin}/image`];
        const refused = await endOf(start({ urls, partial }, trust));
        assert.match(refused.message ?? '', /redirects from https to http/);
        assert.deepEqual(mirror.requests, []);
        assert.equal((await endOf(start({ urls, partial, digest: DIGEST }, trust))).type, 'done');
        assert.equal(mirror.requests.length, 1);
      } finally {
        await mirror.close();
      }
    }));
});

/** A certificate for 127.0.0.1 that only who is told so trusts. */
function makeCertificate(folder: string): { readonly key: Buffer; readonly cert: Buffer; readonly path: string } {
  const [key, path] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', ['req', ...options, ...names, '-keyout', key, '-out', path], { stdio: 'pipe' });
  return { key: readFileSync(key), cert: readFileSync(path), path };
}
