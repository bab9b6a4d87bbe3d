import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { UpOutcome } from '../../runtime/contract/vms.ts';
import type { PortReservation } from '../../runtime/state/portRegistry.ts';
import { ok, outcomeOf, runCli, startCli } from '../support/cli.ts';
import { findQemus, makeQcow2, type TempFolder, tempFolder } from '../support/tempProject.ts';

/** Two projects of one name, under one home. */
interface Pair {
  readonly folder: TempFolder;
  readonly home: string;
  readonly a: { readonly path: string; readonly home: string };
  readonly b: { readonly path: string; readonly home: string };
}

async function withPair(host: number, body: (pair: Pair) => Promise<void>): Promise<void> {
  const folder = tempFolder();
  const home = join(folder.path, 'home');
  mkdirSync(home, { mode: 0o700 });
  const [a, b] = ['a', 'b'].map((name) => makeProject(join(folder.path, name), home, host));
  assert.ok(a && b);
  try {
    await body({ folder, home, a, b });
  } finally {
    await folder.dispose();
  }
}

function makeProject(path: string, home: string, host: number): { path: string; home: string } {
  mkdirSync(path);
  makeQcow2(join(path, 'base.qcow2'));
  const forward = `port_forwards = [{ host = ${host}, guest = 80 }]`;
  const vm = `name = "web"\ncpus = 1\nmemory = "64 MiB"\nbase_image = "base.qcow2"\n${forward}`;
  writeFileSync(join(path, 'castra.toml'), `version = "0.1.0"\n[project]\nname = "twin"\n[[vms]]\n${vm}\n`);
  return { path, home };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

const reservations = ({ home }: Pair) =>
  JSON.parse(readFileSync(join(home, 'ports.json'), 'utf8')) as PortReservation[];

test('a second project of the same name and port is told who has it, and gets it after `down`', async () => {
  await withPair(await freePort(), async (pair) => {
    await ok(runCli(pair.a, ['up']));
    assert.deepEqual(
      reservations(pair).map(({ vm, guest }) => `${vm} ${guest}`),
      ['web 80', 'web 22'],
    );
    const refused = await runCli(pair.b, ['up']);
    assert.equal(refused.code, 70);
    const holder = `the running VM "web" of project "twin" (${join(pair.a.path, 'castra.toml')}) has it`;
    assert.ok(refused.stderr.includes(holder), refused.stderr);
    assert.ok(refused.stderr.includes('Choose another `host` port'), refused.stderr);
    assert.equal(reservations(pair).length, 2, 'a refused start reserves nothing');
    await ok(runCli(pair.a, ['down']));
    assert.deepEqual(reservations(pair), []);
    await ok(runCli(pair.b, ['up']));
  });
});

test('two projects of the same name run beside each other with `host = 0`', () =>
  withPair(0, async (pair) => {
    const results = await Promise.all([ok(runCli(pair.a, ['up', '--json'])), ok(runCli(pair.b, ['up', '--json']))]);
    const ports = results.flatMap((result) =>
      outcomeOf<UpOutcome>(result).vms.flatMap((vm) =>
        vm.result === 'ready' ? vm.launch.forwards.map((forward) => forward.host) : [],
      ),
    );
    assert.equal(new Set(ports).size, 4, ports.join());
    assert.deepEqual(
      reservations(pair)
        .map(({ host }) => host)
        .sort(),
      ports.sort(),
    );
  }));

test('of two projects that race for a port one wins, and the other is told who did, every time', async () => {
  const ROUNDS = 10;
  await withPair(await freePort(), async (pair) => {
    for (let round = 0; round < ROUNDS; round++) {
      const results = await Promise.all([runCli(pair.a, ['up']), runCli(pair.b, ['up'])]);
      const said = results.map(({ stdout, stderr }) => stdout + stderr).join('\n');
      assert.deepEqual(results.map(({ code }) => code).sort(), [0, 70], said);
      const loser = results.find(({ code }) => code === 70)?.stderr ?? '';
      assert.match(loser, /the (?:running )?VM "web" (?:that is just starting, )?of project "twin" \(/, said);
      assert.equal(findQemus(pair.folder.path).length, 1);
      await Promise.all([ok(runCli(pair.a, ['down'])), ok(runCli(pair.b, ['down']))]);
      assert.deepEqual(reservations(pair), []);
    }
  });
});

test('a VM that is only about to bind its port has it already', async () => {
  await withPair(await freePort(), async (pair) => {
    const first = startCli(pair.a, ['up', '--json'], { fake: { web: { hang: true } } });
    await first.until('"phase":"overlay"');
    const refused = await runCli(pair.b, ['up']);
    assert.equal(refused.code, 70);
    assert.match(refused.stderr, /VM "web" .*of project "twin"/);
    first.child.kill('SIGINT');
    assert.equal((await first.result).code, 130);
    assert.deepEqual(reservations(pair), [], 'a cancelled start lets go');
    await ok(runCli(pair.b, ['up']));
  });
});

test('what a killed `up` reserved and did not start is free again', async () => {
  await withPair(await freePort(), async (pair) => {
    const first = startCli(pair.a, ['up', '--json'], { fake: { web: { hang: true } } });
    await first.until('"phase":"qemu"');
    // Killed a moment earlier, `up` would leave a process that becomes QEMU only after it was looked for.
    for (let tries = 0; findQemus(pair.folder.path).length === 0 && tries < 300; tries += 1) await delay(10);
    first.child.kill('SIGKILL');
    await first.result;
    for (const { pid } of findQemus(pair.folder.path)) process.kill(pid, 'SIGKILL');
    await ok(runCli(pair.b, ['up']));
    assert.ok(reservations(pair).every(({ configPath }) => configPath === join(pair.b.path, 'castra.toml')));
  });
});

test('a damaged ports.json costs nothing, and the port is still found to be taken', async () => {
  await withPair(await freePort(), async (pair) => {
    await ok(runCli(pair.a, ['up']));
    for (const text of ['{"', '[1, {"vm": 3}]', 'null']) {
      writeFileSync(join(pair.home, 'ports.json'), text);
      const refused = await runCli(pair.b, ['up']);
      assert.equal(refused.code, 70);
      assert.match(refused.stderr, /host\/port-taken|cannot be used: .* uses it/);
      assert.deepEqual(reservations(pair), []);
    }
  });
});

test('a home that cannot be written is a warning, and `up` and `down` work', async (t) => {
  if (process.getuid?.() === 0) {
    // Root may write anywhere, but not where a folder is in the way.
    await withPair(await freePort(), async (pair) => {
      mkdirSync(join(pair.home, 'ports.lock'));
      writeFileSync(join(pair.home, 'known'), '');
      const result = await ok(runCli(pair.a, ['up']));
      assert.match(result.stderr, /Ports cannot be reserved/);
      assert.match(result.stderr, /castra list/);
      await ok(runCli(pair.a, ['down']));
      assert.equal(existsSync(join(pair.home, 'ports.json')), false);
    });
    return t.diagnostic('as root: a folder stands where the lock file should be');
  }
  await withPair(await freePort(), async (pair) => {
    await ok(runCli(pair.a, ['up']));
    await ok(runCli(pair.a, ['down']));
    chmodSync(pair.home, 0o500);
    try {
      assert.match((await ok(runCli(pair.a, ['up']))).stderr, /Ports cannot be reserved/);
      await ok(runCli(pair.a, ['down']));
    } finally {
      chmodSync(pair.home, 0o700);
    }
  });
});
