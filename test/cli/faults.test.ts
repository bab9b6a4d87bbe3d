import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Failure } from '../../runtime/contract/failures.ts';
import type { DownOutcome, StatusOutcome, UpOutcome, VmStatus } from '../../runtime/contract/vms.ts';
import { commandLine, identify, isSameProcess } from '../../runtime/process/identity.ts';
import { type LaunchRecord, readRecord } from '../../runtime/state/record.ts';
import {
  type CliOptions,
  type CliResult,
  lines,
  ok,
  outcomeOf,
  type RunningCli,
  runCli,
  startCli,
} from '../support/cli.ts';
import { findQemus, makeQcow2, type TempProject, withProject } from '../support/tempProject.ts';

type Place = Pick<TempProject, 'path' | 'home'>;

const isRoot = process.getuid?.() === 0;
const TWO =
  'version = "0.2.0"\n[project]\nname = "faults"\n[[vms]]\nname = "web"\ncount = 2\ncpus = 1\nmemory = "64 MiB"\nbase_image = "base.qcow2"\n';
const ONE = vmToml('web');

/** One VM of exactly this name. `extra` goes into its table, `project` before it. */
function vmToml(name: string, extra = '', project = '[project]\nname = "faults"'): string {
  return `version = "0.1.0"\n${project}\n[[vms]]\nname = "${name}"\ncpus = 1\nmemory = "64 MiB"\nbase_image = "base.qcow2"\n${extra}\n`;
}

async function waitUntil(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!holds()) {
    if (performance.now() > deadline) assert.fail(`waited in vain: ${what}`);
    await delay(10);
  }
}

/** Names of the VMs that have a QEMU, one entry for each. */
function liveVms({ path }: Place): string[] {
  return findQemus(path)
    .flatMap(({ pid }) => {
      const args = commandLine(pid) ?? [];
      return args[args.indexOf('-name') + 1] ?? [];
    })
    .sort();
}

function assertNoTwins(place: Place): string[] {
  const names = liveVms(place);
  assert.deepEqual(names, [...new Set(names)], 'two QEMUs for one VM');
  return names;
}

async function status(place: Place, options: CliOptions = {}): Promise<StatusOutcome & { exitCode: number | null }> {
  const result = await runCli(place, ['status', '--json'], options);
  return { ...outcomeOf<StatusOutcome>(result), exitCode: result.code };
}

async function statusOfVm(place: Place, name: string): Promise<VmStatus> {
  const { vms } = await status(place);
  const found = vms.find((vm) => vm.name === name);
  assert.ok(found, `${name} is not in ${JSON.stringify(vms)}`);
  return found;
}

/** What `status` says must be what the process table shows; taken again when that changed meanwhile. */
async function assertStatusIsTrue(place: Place): Promise<void> {
  for (;;) {
    const before = assertNoTwins(place);
    const { vms } = await status(place);
    if (assertNoTwins(place).join() !== before.join()) continue;
    for (const vm of vms) {
      const expected = before.includes(vm.name) ? ['starting', 'running'] : ['stopped', 'error'];
      assert.ok(expected.includes(vm.state), `${vm.name}: ${vm.state}, ${vm.reason}; live: ${before}`);
    }
    return;
  }
}

const LEFTOVER = /\.(?:tmp|pid|qmp|monitor|console|qcow2|fd)$|^(?!operation).*\.json$/;

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' });
}

/** No QEMU, and nothing in the state roots but logs and locks. */
function assertCleared(project: Place, stateFolder = join(project.home, 'projects')): void {
  assert.deepEqual(liveVms(project), []);
  assert.deepEqual(
    filesBelow(stateFolder).filter((path) => LEFTOVER.test(basename(path)) || basename(path) === 'operation.json'),
    [],
  );
}

function stateRootOf({ home }: Place): string {
  const [name = ''] = readdirSync(join(home, 'projects'));
  return join(home, 'projects', name);
}

async function kill(cli: RunningCli): Promise<void> {
  cli.child.kill('SIGKILL');
  await cli.result;
}

function failureOf(result: CliResult): Failure {
  const last = lines(result).at(-1);
  assert.ok(last?.type === 'command.failed', result.stdout + result.stderr);
  return last.failure;
}

const event = (type: string, vm: string, rest = '') => `{"type":"${type}","vm":"${vm}"${rest}`;
const phase = (vm: string, name: string) => event('vm.phase', vm, `,"phase":"${name}"`);

/** Kills an `up` of two VMs at some point, looks at what status says, and repairs. */
async function killDuringUp(point: (up: RunningCli) => Promise<unknown>, fake: CliOptions['fake'] = {}, again = true) {
  await withProject(TWO, async (project) => {
    const up = startCli(project, ['up', '--json'], { fake });
    await point(up);
    await kill(up);
    await assertStatusIsTrue(project);
    if (again) {
      await ok(runCli(project, ['up', '--no-wait']));
      assert.deepEqual(assertNoTwins(project), ['web-0', 'web-1']);
    }
    await ok(runCli(project, ['down', '--graceful-wait-secs', '1']));
    assertCleared(project);
  });
}

describe('castra up is killed', { concurrency: 3 }, () => {
  const slow = { '*': { bootDelayMs: 60_000, noBanner: true } };
  for (const again of [true, false]) {
    const repair = again ? 'up and down repair it' : 'down alone repairs it';
    test(`before its first overlay, and ${repair}`, () =>
      killDuringUp((up) => up.until(phase('web-0', 'overlay')), slow, again));
    test(`between overlay and QEMU, and ${repair}`, () =>
      killDuringUp((up) => up.until(event('overlay.prepared', 'web-1')), slow, again));
    test(`when QEMU is being started, and ${repair}`, () =>
      killDuringUp((up) => up.until(phase('web-0', 'qemu')), slow, again));
    test(`when one QEMU is launched, and ${repair}`, () =>
      killDuringUp((up) => up.until(event('vm.launched', 'web-1')), slow, again));
    test(`while it waits for readiness, and ${repair}`, () =>
      killDuringUp(
        (up) => Promise.all(['web-0', 'web-1'].map((vm) => up.until(phase(vm, 'firmware')))),
        { '*': { noBanner: true } },
        again,
      ));
    test(`while QEMU has not opened its sockets, and ${repair}`, () =>
      killDuringUp(
        (up) => up.until(phase('web-1', 'qemu')),
        { '*': { pidfileDelayMs: 600, bootDelayMs: 60_000 } },
        again,
      ));
  }
  for (const ms of [60, 90, 120, 150, 180, 210, 250]) {
    test(`after ${ms} ms, wherever it was, and up and down repair it`, () => killDuringUp(() => delay(ms), slow));
  }
});

describe('castra down is killed', { concurrency: 3 }, () => {
  const points: readonly [string, (down: RunningCli) => Promise<unknown>][] = [
    ['when it asked the guest', (down) => down.until(event('shutdown.cooperative-attempted', 'web-1'))],
    ['when the first VM has ended', (down) => down.until(event('shutdown.completed', 'web-0'))],
    ['when the first overlay is gone', (down) => down.until('"type":"overlay.discarded"')],
    ['when it sent SIGTERM', (down) => down.until(event('shutdown.escalated', 'web-1'))],
    ['after 80 ms', () => delay(80)],
    ['after 160 ms', () => delay(160)],
  ];
  for (const [when, point] of points) {
    test(`${when}, and a second down finishes`, () =>
      withProject(TWO, async (project) => {
        const fake = { 'web-0': { powerdownAfterPresses: 1 }, 'web-1': { ignorePowerdown: true, ignoreSigterm: true } };
        await ok(runCli(project, ['up'], { fake }));
        const down = startCli(project, ['down', '--json', '--graceful-wait-secs', '0.4', '--sigterm-wait-secs', '30']);
        await point(down);
        await kill(down);
        const { vms } = await status(project);
        assert.equal(vms.find((vm) => vm.name === 'web-1')?.state, 'running');
        await ok(runCli(project, ['down', '--graceful-wait-secs', '0.1', '--sigterm-wait-secs', '0.1']));
        assertCleared(project);
      }));
  }

  test('while the guest needs another press of the button, and a second down gets a graceful end', () =>
    withProject(ONE, async (project) => {
      await ok(runCli(project, ['up'], { fake: { web: { powerdownAfterPresses: 2 } } }));
      const down = startCli(project, ['down', '--json']);
      await down.until(event('shutdown.cooperative-attempted', 'web'));
      await delay(50);
      await kill(down);
      const { vms } = outcomeOf<DownOutcome>(await ok(runCli(project, ['down', '--json'])));
      assert.equal(vms[0]?.result === 'stopped' && vms[0].outcome, 'graceful');
      assertCleared(project);
    }));
});

describe('two commands at once', { concurrency: 3 }, () => {
  test('the second up is told who is at work, and each VM gets one QEMU', () =>
    withProject(TWO, async (project) => {
      const ups = [1, 2].map(() => startCli(project, ['up', '--json'], { fake: { '*': { bootDelayMs: 700 } } }));
      const results = await Promise.all(ups.map((up) => up.result));
      assert.deepEqual(results.map(({ code }) => code).sort(), [0, 75]);
      const winner = ups[results.findIndex(({ code }) => code === 0)];
      const loser = results.find(({ code }) => code === 75);
      assert.ok(winner && loser);
      const failure = failureOf(loser);
      assert.ok(failure.kind === 'busy');
      assert.deepEqual([failure.command, failure.pid], ['up', winner.child.pid]);
      assert.deepEqual(assertNoTwins(project), ['web-0', 'web-1']);
      await ok(runCli(project, ['down']));
      assertCleared(project);
    }));

  test('down during an up is told that up is at work', () =>
    withProject(ONE, async (project) => {
      const up = startCli(project, ['up', '--json'], { fake: { '*': { bootDelayMs: 60_000 } } });
      await up.until(event('vm.launched', 'web'));
      const down = await runCli(project, ['down']);
      assert.equal(down.code, 75);
      assert.match(down.stderr, new RegExp(`castra up.*pid ${up.child.pid}\\b`));
      assert.equal((await status(project)).operation?.pid, up.child.pid);
      up.child.kill('SIGINT');
      assert.equal((await up.result).code, 130);
      assertCleared(project);
    }));

  test('status during the start of QEMU says starting and exits with 0', () =>
    withProject(ONE, async (project) => {
      const up = startCli(project, ['up', '--json'], { fake: { '*': { hang: true } } });
      await waitUntil('QEMU runs', () => liveVms(project).length === 1);
      const { vms, exitCode } = await status(project);
      assert.deepEqual([vms[0]?.state, exitCode], ['starting', 0]);
      up.child.kill('SIGINT');
      assert.equal((await up.result).code, 130);
      assertCleared(project);
    }));
});

describe('the disk of the state', { concurrency: 3 }, () => {
  /** A small disk of its own at CASTRA_HOME. */
  async function onSmallDisk(t: TestContext, body: (project: TempProject, fill: () => void) => Promise<void>) {
    if (!isRoot) return t.skip('only root can mount a tmpfs');
    await withProject(ONE, async (project) => {
      const mounted = mount(project.home, 'size=2m,mode=700');
      if (mounted !== undefined) return t.skip(`tmpfs cannot be mounted: ${mounted}`);
      const filler = join(project.home, 'filler');
      try {
        await body(project, () => fillDisk(filler));
      } finally {
        await unmount(project, project.home);
      }
    });
  }

  test('full before up: it fails with a reason and leaves nothing behind', (t) =>
    onSmallDisk(t, async (project, fill) => {
      fill();
      const refused = await runCli(project, ['up']);
      assert.equal(refused.code, 73);
      assert.match(refused.stderr, /no space left.* on a disk with free space/);
      const forced = await runCli(project, ['up', '--force']);
      assert.notEqual(forced.code, 0);
      assert.match(forced.stderr, /no space left|ENOSPC/i);
      assert.doesNotMatch(forced.stderr, /bug of its own/);
      assertCleared(project);
    }));

  test('full while a VM runs: status and down work', (t) =>
    onSmallDisk(t, async (project, fill) => {
      await ok(runCli(project, ['up', '--force']));
      fill();
      assert.equal((await statusOfVm(project, 'web')).state, 'running');
      await ok(runCli(project, ['down']));
      assertCleared(project);
    }));

  test('full while up waits for the guest: nothing runs unrecorded', (t) =>
    onSmallDisk(t, async (project, fill) => {
      const up = startCli(project, ['up', '--force', '--json'], { fake: { '*': { bootDelayMs: 700 } } });
      await up.until(event('vm.launched', 'web'));
      fill();
      const { code } = await up.result;
      assert.equal(liveVms(project).length, code === 0 ? 1 : 0);
      await ok(runCli(project, ['down']));
      assertCleared(project);
    }));

  test('a read-only project folder does not matter when the state is elsewhere', async (t) => {
    if (!isRoot) return t.skip('only root can mount a tmpfs');
    return withProject(ONE, async (project) => {
      const folder = join(project.path, 'read-only');
      mkdirSync(folder);
      const mounted = mount(folder, 'size=4m');
      if (mounted !== undefined) return t.skip(`tmpfs cannot be mounted: ${mounted}`);
      try {
        writeFileSync(join(folder, 'castra.toml'), ONE);
        makeQcow2(join(folder, 'base.qcow2'));
        execFileSync('mount', ['-o', 'remount,ro', folder]);
        const place = { path: folder, home: project.home };
        await ok(runCli(place, ['up']));
        assert.equal((await statusOfVm(place, 'web')).state, 'running');
        await ok(runCli(place, ['down']));
        assertCleared(project);
      } finally {
        await unmount(project, folder);
      }
    });
  });

  /** Undefined, or why not. */
  function mount(folder: string, options: string): string | undefined {
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'castra-test', folder], { stdio: 'pipe' });
      return undefined;
    } catch (error) {
      return String(error);
    }
  }

  async function unmount({ path }: TempProject, folder: string): Promise<void> {
    for (const qemu of findQemus(path)) {
      if (isSameProcess(qemu)) process.kill(qemu.pid, 'SIGKILL');
      await waitUntil('QEMU is gone', () => !isSameProcess(qemu));
    }
    execFileSync('umount', [folder]);
  }

  function fillDisk(path: string): void {
    for (const size of [64 * 1024, 4096]) {
      try {
        while (statfsSync(dirname(path)).bavail > 0) writeFileSync(path, Buffer.alloc(size), { flag: 'a' });
      } catch (error) {
        assert.match(String(error), /ENOSPC/);
      }
    }
    assert.equal(statfsSync(dirname(path)).bavail, 0);
  }
});

describe('paths', { concurrency: 3 }, () => {
  test('a project path too long for sockets puts them into a short folder and takes them away again', () =>
    withProject('', async (project) => {
      const path = join(project.path, 'x'.repeat(150 - project.path.length - 1));
      mkdirSync(path);
      writeFileSync(join(path, 'castra.toml'), vmToml('web', '', '[project]\nname = "long"\nstate_dir = "state"'));
      makeQcow2(join(path, 'base.qcow2'));
      const place = { path, home: project.home };
      const runtimeFolder = join(project.path, 'run');
      mkdirSync(runtimeFolder, { mode: 0o700 });
      const options = { env: { XDG_RUNTIME_DIR: runtimeFolder } };
      await ok(runCli(place, ['up'], options));
      const sockets = Object.values(readRecord(join(path, 'state'), 'web')?.sockets ?? {}).map(String);
      assert.equal(sockets.length, 4);
      for (const socket of sockets)
        assert.ok(socket.startsWith(`${runtimeFolder}/castra/`) && existsSync(socket), socket);
      assert.equal((await statusOfVm(place, 'web')).state, 'running');
      await ok(runCli(place, ['down']));
      assert.deepEqual(sockets.filter(existsSync), []);
      assertCleared(project, path.concat('/state'));
    }));

  test('spaces, commas, quotes and non-ASCII letters are fine everywhere', () =>
    withProject('', async (project) => {
      const path = join(project.path, 'Prüfung, "b" \'c\' 日本');
      mkdirSync(join(path, 'ä, b'), { recursive: true });
      const extra = 'overlay = "o, \'p\' ü/disk, 1.qcow2"';
      const toml = vmToml('web', extra, '[project]\nname = "Ünï, \'code\'"\nstate_dir = "st äte, \'x\'"');
      writeFileSync(join(path, 'castra.toml'), toml.replace('"base.qcow2"', '"ä, b/base \'1\', x.qcow2"'));
      makeQcow2(join(path, "ä, b/base '1', x.qcow2"));
      const place = { path, home: project.home };
      const up = outcomeOf<UpOutcome>(await ok(runCli(place, ['up', '--json'])));
      assert.equal(up.vms[0]?.result, 'ready');
      assert.ok(existsSync(join(path, "o, 'p' ü/disk, 1.qcow2")));
      assert.equal((await statusOfVm(place, 'web')).state, 'running');
      rmSync(join(path, "st äte, 'x'", 'web.json'));
      assert.equal((await statusOfVm(place, 'web')).state, 'running', 'found by its pidfile alone');
      await ok(runCli(place, ['down', '--graceful-wait-secs', '1']));
      assertCleared(project, join(path, "st äte, 'x'"));
    }));
});

describe('castra.toml changes while a VM runs', { concurrency: 3 }, () => {
  const changes: readonly [string, string, string][] = [
    ['its VM is removed', vmToml('other'), 'orphaned'],
    ['its last VM is removed, which is an error', 'version = "0.1.0"\n[project]\nname = "faults"\n', 'running'],
    ['its VM is renamed', vmToml('renamed'), 'orphaned'],
    ['its project is renamed', vmToml('web', '', '[project]\nname = "another"'), 'running'],
    ['it is broken', `${ONE}\n[[vms\nname = `, 'running'],
    ['it is empty', '', 'running'],
    ['it is no TOML at all', '\0\u0001 {{{', 'running'],
  ];
  for (const [what, toml, state] of changes) {
    test(`${what}: status shows the VM, and down stops it`, () =>
      withProject(ONE, async (project) => {
        await ok(runCli(project, ['up']));
        writeFileSync(project.configPath, toml);
        const seen = await statusOfVm(project, 'web');
        assert.equal(seen.state, state, seen.reason);
        await ok(runCli(project, ['down']));
        assertCleared(project);
      }));
  }

  test('a removed VM can be stopped by its name', () =>
    withProject(ONE, async (project) => {
      await ok(runCli(project, ['up']));
      writeFileSync(project.configPath, vmToml('other'));
      await ok(runCli(project, ['down', 'web']));
      assertCleared(project);
    }));
});

describe('somebody else', { concurrency: 3 }, () => {
  test("a live process in the pidfile that is not QEMU's is named and never signalled", () =>
    withProject(ONE, async (project) => {
      await ok(runCli(project, ['up']));
      await ok(runCli(project, ['down']));
      const sleeper = spawn('sleep', ['300'], { stdio: 'ignore' });
      try {
        const pidfile = join(stateRootOf(project), 'web.pid');
        const plant = () => writeFileSync(pidfile, `${sleeper.pid}\n`);
        const alive = () => assert.ok(identify(sleeper.pid ?? -1), 'the foreign process must live');
        plant();
        const seen = await statusOfVm(project, 'web');
        assert.equal(seen.state, 'stopped');
        assert.match(seen.reason ?? '', new RegExp(`\\b${sleeper.pid}\\b`));
        const down = await ok(runCli(project, ['down']));
        assert.match(down.stderr + down.stdout, new RegExp(`\\b${sleeper.pid}\\b`));
        alive();
        plant();
        const up = await ok(runCli(project, ['up']));
        assert.match(up.stderr + up.stdout, new RegExp(`\\b${sleeper.pid}\\b`));
        alive();
        assert.deepEqual(liveVms(project), ['web']);
        plant();
        assert.equal((await statusOfVm(project, 'web')).state, 'running', 'the launch record knows better');
        await ok(runCli(project, ['down']));
        alive();
        assertCleared(project);
      } finally {
        sleeper.kill('SIGKILL');
      }
    }));

  const noProc = existsSync('/proc/self/stat') ? false : 'needs /proc';
  test('a zombie counts as dead', { skip: noProc }, () =>
    withProject(ONE, async (project) => {
      await ok(runCli(project, ['up']));
      const stateRoot = stateRootOf(project);
      const record = readRecord(stateRoot, 'web');
      await ok(runCli(project, ['down']));
      // The child ends once its parent has become a program that never waits for it.
      const script = '(until [ "$(cat /proc/$$/comm)" = sleep ]; do :; done) & echo $!; exec sleep 300';
      const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
      try {
        const pid = await new Promise<number>((done) => {
          parent.stdout.once('data', (text: Buffer) => done(Number(text.toString())));
        });
        const isZombie = () => / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
        await waitUntil('the child is a zombie', isZombie);
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
        assert.ok(record);
        const zombie: LaunchRecord = { ...record, pid, startToken: `${record.bootId}:${startTime}` };
        writeFileSync(join(stateRoot, 'web.json'), JSON.stringify(zombie));
        writeFileSync(join(stateRoot, 'web.pid'), `${pid}\n`);
        const seen = await status(project);
        assert.deepEqual([seen.vms[0]?.state, seen.exitCode], ['error', 1]);
        await ok(runCli(project, ['down']));
        assertCleared(project);
        assert.ok(isZombie());
      } finally {
        parent.kill('SIGKILL');
      }
    }),
  );

  test("a user's file at the overlay path is never replaced or deleted", () =>
    withProject(vmToml('web', 'overlay = "mine.qcow2"'), async (project) => {
      const mine = join(project.path, 'mine.qcow2');
      writeFileSync(mine, 'precious');
      const kept = () => assert.equal(readFileSync(mine, 'utf8'), 'precious');
      for (const args of [['status'], ['down'], ['up'], ['up', '--force'], ['status'], ['down']]) {
        const result = await runCli(project, args);
        kept();
        if (args[0] !== 'up') assert.equal(result.code, 0, result.stdout + result.stderr);
        else {
          assert.equal(result.code, 70);
          assert.match(result.stderr, /Castra did not create it/);
        }
      }
      assertCleared(project);
    }));

  test("a user's link to a disk that is not mounted now is not replaced either", () =>
    withProject(vmToml('web', 'overlay = "mine.qcow2"'), async (project) => {
      const mine = join(project.path, 'mine.qcow2');
      symlinkSync('/nowhere/disk.qcow2', mine);
      assert.equal((await runCli(project, ['up'])).code, 70);
      await ok(runCli(project, ['down']));
      assert.equal(readlinkSync(mine), '/nowhere/disk.qcow2');
    }));

  test("a user's file at a new overlay path is kept, and so is the old overlay, which castra.toml no longer names", () =>
    withProject(vmToml('web', 'overlay = "old.qcow2"'), async (project) => {
      await ok(runCli(project, ['up']));
      const mine = join(project.path, 'mine.qcow2');
      writeFileSync(mine, 'precious');
      writeFileSync(project.configPath, vmToml('web', 'overlay = "mine.qcow2"'));
      const { stderr } = await ok(runCli(project, ['down']));
      assert.equal(readFileSync(mine, 'utf8'), 'precious');
      assert.match(stderr, /its disk .*old\.qcow2 is not where castra\.toml says now; it was left/);
      assert.ok(existsSync(join(project.path, 'old.qcow2')));
      assert.equal((await runCli(project, ['up'])).code, 70);
      assert.equal(readFileSync(mine, 'utf8'), 'precious');
    }));

  test('a user puts a file where a killed up was about to make its overlay: it is kept', () =>
    withProject(vmToml('web', 'overlay = "mine.qcow2"'), async (project) => {
      await ok(runCli(project, ['up']));
      const stateRoot = stateRootOf(project);
      const record = readFileSync(join(stateRoot, 'web.json'), 'utf8');
      await ok(runCli(project, ['down']));
      writeFileSync(join(stateRoot, 'web.json'), record);
      const mine = join(project.path, 'mine.qcow2');
      writeFileSync(mine, 'precious');
      await runCli(project, ['down']);
      assert.equal(readFileSync(mine, 'utf8'), 'precious');
      assert.notEqual((await runCli(project, ['up'])).code, 0);
      assert.equal(readFileSync(mine, 'utf8'), 'precious');
    }));

  test("temporary files beside a user's overlay go with a killed up, others stay", () =>
    withProject(vmToml('web', 'overlay = "disks/web.qcow2"'), async (project) => {
      await ok(runCli(project, ['up']));
      const disks = join(project.path, 'disks');
      writeFileSync(join(disks, 'web.qcow2.0123456789ab.tmp'), 'half');
      writeFileSync(join(disks, 'notes.tmp'), 'mine');
      await ok(runCli(project, ['down']));
      assert.deepEqual(readdirSync(disks), ['notes.tmp']);
    }));
});

async function killTheQemu(project: TempProject): Promise<void> {
  const [qemu] = findQemus(project.path);
  assert.ok(qemu);
  process.kill(qemu.pid, 'SIGKILL');
  await waitUntil('QEMU is gone', () => !isSameProcess(qemu));
}

describe('QEMU', { concurrency: 3 }, () => {
  test('stale sockets and a stale pidfile of a killed one do not hinder up', () =>
    withProject(ONE, async (project) => {
      await ok(runCli(project, ['up']));
      await killTheQemu(project);
      assert.ok(existsSync(join(stateRootOf(project), 'web.qmp')), 'the socket is stale');
      const seen = await status(project);
      assert.deepEqual([seen.vms[0]?.state, seen.exitCode], ['error', 1]);
      assert.match(seen.vms[0]?.reason ?? '', /killed/);
      const up = outcomeOf<UpOutcome>(await ok(runCli(project, ['up', '--json'])));
      assert.equal(up.vms[0]?.result, 'ready');
      assert.equal((await status(project)).exitCode, 0);
      assert.deepEqual(assertNoTwins(project), ['web']);
      await ok(runCli(project, ['down']));
      // What the killed one wrote has no other copy.
      const kept = join(stateRootOf(project), 'kept');
      assert.equal(readdirSync(kept).length, 1);
      rmSync(kept, { recursive: true });
      assertCleared(project);
    }));

  test('killed, and down clears what it left', () =>
    withProject(ONE, async (project) => {
      await ok(runCli(project, ['up']));
      await killTheQemu(project);
      const { vms } = outcomeOf<DownOutcome>(await ok(runCli(project, ['down', '--json'])));
      assert.ok(vms[0]?.result === 'stopped' && !vms[0].changed && vms[0].reclaimedBytes > 0);
      assertCleared(project);
      assert.equal((await status(project)).exitCode, 0);
    }));

  test('ignores the power button and gets SIGTERM', () =>
    withProject(ONE, async (project) => {
      await ok(runCli(project, ['up'], { fake: { web: { ignorePowerdown: true } } }));
      const down = await ok(runCli(project, ['down', '--graceful-wait-secs', '0.2']));
      assert.match(down.stdout, /1 VM stopped.*Forced: web\./);
      assertCleared(project);
    }));

  test('ignores SIGTERM too and gets SIGKILL', () =>
    withProject(ONE, async (project) => {
      await ok(runCli(project, ['up'], { fake: { web: { ignorePowerdown: true, ignoreSigterm: true } } }));
      const args = ['down', '--json', '--graceful-wait-secs', '0.2', '--sigterm-wait-secs', '0.2'];
      const down = await ok(runCli(project, args));
      const sent = lines(down).flatMap((line) => (line.type === 'shutdown.escalated' ? [line.signal] : []));
      assert.deepEqual(sent, ['SIGTERM', 'SIGKILL']);
      assertCleared(project);
    }));

  test('powers off by itself, and status does not call that an error', () =>
    withProject(ONE, async (project) => {
      await ok(runCli(project, ['up'], { fake: { web: { exitAfterMs: 2500 } } }));
      await waitUntil('the guest is off', () => liveVms(project).length === 0);
      const seen = await status(project);
      assert.deepEqual([seen.vms[0]?.state, seen.exitCode], ['stopped', 0]);
      assert.match(
        seen.vms[0]?.reason ?? '',
        /^The guest powered off\. Its disk \(.+\) is still there: `castra up web`/,
      );
      await ok(runCli(project, ['down']));
      assertCleared(project);
    }));

  test('never opens its sockets after a killed up: status says starting, and down ends it', () =>
    withProject(ONE, async (project) => {
      const up = startCli(project, ['up', '--json'], { fake: { web: { hang: true } } });
      await waitUntil('QEMU runs', () => liveVms(project).length === 1);
      await kill(up);
      assert.equal((await statusOfVm(project, 'web')).state, 'starting');
      await ok(runCli(project, ['up', '--no-wait']));
      assert.deepEqual(assertNoTwins(project), ['web']);
      await ok(runCli(project, ['down', '--graceful-wait-secs', '0.2']));
      assertCleared(project);
    }));

  test('runs on when the project folder was moved: it is found there by nobody else', () =>
    withProject('', async (project) => {
      const path = join(project.path, 'before');
      mkdirSync(path);
      writeFileSync(join(path, 'castra.toml'), ONE);
      makeQcow2(join(path, 'base.qcow2'));
      await ok(runCli({ path, home: project.home }, ['up']));
      const moved = join(project.path, 'after');
      renameSync(path, moved);
      assert.equal((await statusOfVm({ path: moved, home: project.home }, 'web')).state, 'stopped');
      renameSync(moved, path);
      await ok(runCli({ path, home: project.home }, ['down']));
      assertCleared(project);
      assert.equal(realpathSync(path), path);
    }));

  test('wrong values in flags and environment are usage errors, not crashes', () =>
    withProject(ONE, async (project) => {
      const zero = await runCli(project, ['down', '--sigkill-wait-secs', '0']);
      assert.equal(zero.code, 64, zero.stderr);
      assert.doesNotMatch(zero.stderr, /^\s+at /m);
      const accelerator = await runCli(project, ['up'], { env: { CASTRA_ACCELERATOR: 'warp' } });
      assert.equal(accelerator.code, 64, accelerator.stderr);
      assert.doesNotMatch(accelerator.stderr, /^\s+at /m);
    }));
});
