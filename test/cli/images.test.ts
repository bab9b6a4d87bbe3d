import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ImagesListOutcome, ImagesPruneOutcome, ImagesVerifyOutcome } from '../../runtime/contract/images.ts';
import { lines, outcomeOf, runCli, startCli } from '../support/cli.ts';
import { type ImageBench, imageBench } from '../support/imageBench.ts';

/** Has no say in these tests: any file that can be executed will do. */
const options = { env: { CASTRA_QEMU: process.execPath } };
const castra = (bench: ImageBench, ...args: string[]) => runCli(bench, ['images', ...args], options);
const pull = (bench: ImageBench) => ['pull', bench.url, '--sha256', bench.digest.hex];

describe('castra images', { concurrency: 2 }, () => {
  test('shows, gets, checks and removes images, without a castra.toml', () =>
    imageBench(async (bench) => {
      assert.match((await castra(bench)).stdout, /No images/);
      const pulled = await castra(bench, ...pull(bench));
      assert.equal(pulled.code, 0, pulled.stderr);
      const list = outcomeOf<ImagesListOutcome>(await castra(bench, 'list', '--json'));
      assert.deepEqual(
        list.images.map(({ sha256, sources, users }) => [sha256, sources[0]?.url, users]),
        [[bench.digest.hex, bench.url, []]],
      );
      assert.match((await castra(bench)).stdout, new RegExp(bench.digest.hex.slice(0, 12)));
      assert.equal((await castra(bench, 'verify')).code, 0);
      const dry = outcomeOf<ImagesPruneOutcome>(await castra(bench, 'prune', '--dry-run', '--json'));
      assert.deepEqual(
        dry.files.map(({ result }) => result),
        ['planned'],
      );
      assert.ok(existsSync(list.images[0]?.path ?? ''));
      await castra(bench, 'prune');
      assert.ok(!existsSync(list.images[0]?.path ?? ''));
    }));

  test('two commands that want one image download it once, and the second tells how far the first is', () =>
    imageBench(async (bench) => {
      bench.server.behave('/x.qcow2', { trickle: { chunk: 32 * 1024, everyMs: 80 } });
      const first = startCli(bench, ['images', ...pull(bench), '--json'], options);
      await first.until('image.progress');
      const second = await castra(bench, ...pull(bench), '--json');
      assert.equal(second.code, 0, second.stdout);
      assert.equal((await first.result).code, 0);
      assert.equal(bench.server.requests.length, 1);
      const waited = lines(second).filter((line) => line.type === 'image.progress');
      assert.ok(waited.length > 0);
      assert.ok(waited.every((line) => line.byPid === first.child.pid));
    }));

  test('a command that waits takes over when the downloading one is killed, and goes on where that was', () =>
    imageBench(async (bench) => {
      bench.server.behave('/x.qcow2', { times: 1, trickle: { chunk: 16 * 1024, everyMs: 100 } });
      const first = startCli(bench, ['images', ...pull(bench), '--json'], options);
      await first.until('image.progress');
      const second = startCli(bench, ['images', ...pull(bench), '--json'], options);
      await second.until('byPid');
      const folder = join(bench.home, 'images', 'partial');
      const part = readdirSync(folder).find((name) => name.endsWith('.part')) ?? '';
      while (statSync(join(folder, part)).size < 64 * 1024) await delay(10);
      first.child.kill('SIGKILL');
      assert.equal((await second.result).code, 0);
      assert.match(bench.server.requests[1]?.range ?? '', /^bytes=[1-9]/);
    }));

  test('a flipped bit that leaves size and time alone is found by verify, and an unused image deleted', () =>
    imageBench(async (bench) => {
      await castra(bench, ...pull(bench));
      const path = join(bench.home, 'images', `${bench.digest.hex}.qcow2`);
      const { atime, mtime, mtimeMs } = statSync(path);
      const bytes = readFileSync(path);
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      chmodSync(path, 0o600);
      writeFileSync(path, bytes);
      utimesSync(path, atime, mtime);
      // utimes may round: the record says what the file says.
      const record = path.replace('.qcow2', '.json');
      const known = JSON.parse(readFileSync(record, 'utf8')) as { mtimeMs: number };
      writeFileSync(record, JSON.stringify({ ...known, mtimeMs: statSync(path).mtimeMs }));
      assert.ok(Math.abs(statSync(path).mtimeMs - mtimeMs) < 1);
      const verified = await castra(bench, 'verify', '--json');
      assert.equal(verified.code, 1);
      const [image] = outcomeOf<ImagesVerifyOutcome>(verified).images;
      assert.deepEqual([image?.result, image?.deleted], ['damaged', true]);
      assert.ok(!existsSync(path));
    }));

  test('an image that a kept disk stands on is not pruned, and prune says why', () =>
    imageBench(async (bench) => {
      await castra(bench, ...pull(bench));
      const image = join(bench.home, 'images', `${bench.digest.hex}.qcow2`);
      const kept = join(bench.home, 'projects', 'demo', 'kept');
      mkdirSync(kept, { recursive: true });
      const overlay = join(kept, 'web.qcow2');
      execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', image, overlay]);
      const [file] = outcomeOf<ImagesPruneOutcome>(await castra(bench, 'prune', '--json')).files;
      assert.deepEqual([file?.result, file?.reason], ['kept', `${overlay} stands on it`]);
      const [listed] = outcomeOf<ImagesListOutcome>(await castra(bench, '--json')).images;
      assert.deepEqual(listed?.users, [{ project: 'demo', vm: 'web', kind: 'kept', path: overlay }]);
    }));

  test('what a killed download left is pruned, what is being downloaded is not', () =>
    imageBench(async (bench) => {
      bench.server.behave('/x.qcow2', { trickle: { chunk: 16 * 1024, everyMs: 200 } });
      const running = startCli(bench, ['images', ...pull(bench), '--json'], options);
      await running.until('image.progress');
      const during = outcomeOf<ImagesPruneOutcome>(await castra(bench, 'prune', '--json'));
      assert.deepEqual(
        during.files.map(({ result, reason }) => [result, reason]),
        [['kept', 'it is being downloaded']],
      );
      running.child.kill('SIGKILL');
      await running.result;
      await castra(bench, 'prune');
      await delay(0);
      const left = readdirSync(join(bench.home, 'images', 'partial')).filter((name) => !name.endsWith('.lock'));
      assert.deepEqual(left, []);
    }));

  test('an imported file is found by the digest that import prints', () =>
    imageBench(async (bench) => {
      writeFileSync(join(bench.path, 'x.img'), bench.image);
      const imported = await castra(bench, 'import', 'x.img');
      assert.ok(
        imported.stdout.includes(`base_image_sha256 = "${bench.digest.hex}"`),
        imported.stdout + imported.stderr,
      );
      assert.equal((await castra(bench, ...pull(bench))).code, 0);
      assert.equal(bench.server.requests.length, 0);
    }));

  test('an image whose disk is larger than `[images] max_size` is refused by what its header says', () =>
    imageBench(async (bench) => {
      const large = join(bench.path, 'large.qcow2');
      execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', large, '65G']);
      const refused = await castra(bench, 'import', 'large.qcow2');
      assert.equal(refused.code, 70);
      assert.match(refused.stderr, /its disk is 65 GiB, more than the 64 GiB that `max_size` in `\[images\]` allows/);
      writeFileSync(
        join(bench.path, 'castra.toml'),
        'version = "0.2.0"\nproject = { name = "demo" }\nimages = { max_size = "65 GiB" }\n[[vms]]\nname = "web"\n',
      );
      const taken = await castra(bench, 'import', 'large.qcow2');
      assert.equal(taken.code, 0, taken.stderr);
      bench.server.put('/x.qcow2', readFileSync(large));
      assert.equal((await castra(bench, 'pull', bench.url)).code, 0);
    }));

  test('refuses plain HTTP from elsewhere without a digest, and digests that are none', () =>
    imageBench(async (bench) => {
      for (const args of [
        ['http://images.example.org/x'],
        ['https://images.example.org/100%.img'],
        ['ftp://images.example.org/x'],
        ['--sha256', 'abc'],
      ])
        assert.equal((await castra(bench, 'pull', ...args)).code, 64, args.join(' '));
    }));
});
