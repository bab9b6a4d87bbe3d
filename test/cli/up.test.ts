import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import type { Failure } from '../../runtime/contract/failures.ts';
import type { StatusOutcome, UpOutcome } from '../../runtime/contract/vms.ts';
import { type CliResult, lines, outcomeOf, runCli, startCli } from '../support/cli.ts';
import { findQemus, type TempProject, tempProject } from '../support/tempProject.ts';

const HEAD = 'version = "0.2.0"\n[project]\nname = "p"\n';
const vm = (name: string, more = '') =>
  `[[vms]]\nname = "${name}"\ncpus = 1\nmemory = "64 MiB"\nbase_image = "base.qcow2"\n${more}\n`;

function failureOf(result: CliResult): Failure {
  const last = lines(result).at(-1);
  assert.equal(last?.type, 'command.failed', result.stdout + result.stderr);
  return last.failure;
}

describe('castra up', () => {
  let project: TempProject;
  const open = (...vms: string[]) => {
    project = tempProject(HEAD + vms.join(''));
    return project;
  };
  const stateOf = async () => outcomeOf<StatusOutcome>(await runCli(project, ['status', '--json']));
  afterEach(() => project.dispose());

  it('starts every VM, waits for its SSH banner, and says where it listens', async () => {
    open(vm('web', 'count = 2'));
    const result = await runCli(project, ['up', '--json']);
    assert.equal(result.code, 0, result.stdout + result.stderr);
    const { vms } = outcomeOf<UpOutcome>(result);
    assert.deepEqual(
      vms.map((one) => [one.vm, one.result]),
      [
        ['web-0', 'ready'],
        ['web-1', 'ready'],
      ],
    );
    const ports = vms.flatMap((one) => (one.result === 'ready' ? [one.launch.sshPort] : []));
    assert.equal(new Set(ports).size, 2);
    const states = (await stateOf()).vms.map((one) => [one.state, one.sshPort]);
    assert.deepEqual(
      states,
      ports.map((port) => ['running', port]),
    );
  });

  it('tells its steps in order, each event with its time', async () => {
    open(vm('web'));
    const events = lines(await runCli(project, ['up', '--json']));
    const steps = events.flatMap((event) => (event.type === 'vm.phase' ? [event.phase] : []));
    assert.deepEqual(
      steps.filter((step) => step !== 'network' && step !== 'kernel'),
      ['overlay', 'qemu', 'firmware', 'ready'],
    );
    assert.equal(events[0]?.type, 'stream.started');
    assert.ok(events.every((event) => !event.type.startsWith('vm.') || 'at' in event));
    assert.equal(events.filter((event) => event.type.startsWith('command.')).length, 1);
  });

  it('leaves a running VM alone, says so, and exits with 0', async () => {
    open(vm('web'));
    await runCli(project, ['up']);
    const [before] = findQemus(project.path);
    const again = await runCli(project, ['up']);
    assert.equal(again.code, 0);
    assert.match(again.stdout, /web-0: already running \(pid \d+\)/);
    assert.deepEqual(findQemus(project.path), [before]);
  });

  it('starts only the VMs and roles that are named', async () => {
    open(vm('web', 'count = 2'), vm('db'));
    await runCli(project, ['up', 'web', '--no-wait']);
    assert.deepEqual(
      (await stateOf()).vms.map((one) => [one.name, one.pid !== undefined]),
      [
        ['web-0', true],
        ['web-1', true],
        ['db-0', false],
      ],
    );
  });

  it('exits with 64 for a VM that does not exist, and names those that do', async () => {
    open(vm('web'));
    const result = await runCli(project, ['up', 'wev']);
    assert.equal(result.code, 64);
    assert.match(result.stderr, /No VM or role named "wev".*web-0/);
  });

  it('keeps the ports it allocated for as long as the VM runs', async () => {
    open(vm('web', 'port_forwards = [{ host = 0, guest = 80 }, { host = 0, guest = 53, protocol = "udp" }]'));
    await runCli(project, ['up']);
    const first = (await stateOf()).vms[0]?.forwards ?? [];
    assert.equal(first.length, 3);
    assert.ok(first.every((forward) => forward.host > 0 && forward.bind === '127.0.0.1'));
    await runCli(project, ['up']);
    assert.deepEqual((await stateOf()).vms[0]?.forwards, first);
  });

  it('rolls a failed VM back, keeps the others, and carries QEMU’s own words', async () => {
    open(vm('web'), vm('db'));
    const fake = { 'db-0': { exitAtStart: { code: 1, stderr: 'qemu: could not load PC BIOS\n' } } };
    const result = await runCli(project, ['up'], { fake });
    assert.equal(result.code, 70);
    assert.match(
      result.stderr,
      /db-0 did not start: QEMU ended with code 1[\s\S]*could not load PC BIOS[\s\S]*Log: .*db-0\.log/,
    );
    assert.match(result.stdout, /web-0: ready/);
    const { vms } = await stateOf();
    assert.deepEqual(
      vms.map((one) => [one.name, one.state, one.overlayBytes === undefined]),
      [
        ['web-0', 'running', false],
        ['db-0', 'stopped', true],
      ],
    );
  });

  it('says how to install QEMU when it is missing', async () => {
    open(vm('web'));
    const result = await runCli(project, ['up'], { real: true, env: { CASTRA_QEMU: 'qemu-system-nowhere' } });
    assert.equal(result.code, 70);
    assert.match(
      result.stderr,
      /QEMU is missing: CASTRA_QEMU: qemu-system-nowhere is not on PATH\. \[host\/qemu-missing\]\n +Install it with: /,
    );
  });

  it('never runs a QEMU from the working directory', async () => {
    open(vm('web'));
    const bin = join(project.path, 'bin');
    mkdirSync(bin);
    symlinkSync(execFileSync('sh', ['-c', 'command -v flock'], { encoding: 'utf8' }).trim(), join(bin, 'flock'));
    writeFileSync(join(project.path, 'qemu-system-x86_64'), '#!/bin/sh\ntouch "$0.ran"\n', { mode: 0o755 });
    const result = await runCli(project, ['up'], { real: true, env: { PATH: `.::${bin}` } });
    assert.equal(result.code, 70);
    assert.match(result.stderr, /qemu-system-x86_64 is not on PATH/);
    assert.ok(!existsSync(join(project.path, 'qemu-system-x86_64.ran')));
  });

  for (const [what, damage, words] of [
    ['missing', (path: string) => rmSync(path), /base\.qcow2 does not exist/],
    ['not a disk', (path: string) => writeFileSync(path, 'hello'), /it is not a disk image/],
    ['truncated', (path: string) => truncateSync(path, 65536), /it is truncated/],
  ] as const) {
    it(`refuses a base image that is ${what}, and makes nothing`, async () => {
      open(vm('web'));
      damage(project.baseImage);
      const result = await runCli(project, ['up']);
      assert.equal(result.code, 70);
      assert.match(result.stderr, words);
      assert.match(result.stderr, /^castra\.toml:\d+:14: error: web-0: .* \[host\/base-image\]$/m);
      assert.deepEqual(findQemus(project.path), []);
      assert.equal((await stateOf()).vms[0]?.state, 'stopped');
    });
  }

  it('says how to get the default image by hand when there is no network', async () => {
    open('[[vms]]\nname = "web"\ncpus = 1\nmemory = "64 MiB"\n');
    const result = await runCli(project, ['up'], { env: { https_proxy: 'http://127.0.0.1:1' } });
    assert.equal(result.code, 70);
    assert.match(
      result.stderr,
      /default Alpine Linux image .* could not be downloaded[\s\S]*castra images import FILE/,
    );
  });

  it('refuses a TCP port that is taken, naming VM, address and port', async (t) => {
    const server = createServer().listen(0, '127.0.0.1');
    t.after(() => server.close());
    await new Promise((done) => server.once('listening', done));
    const { port } = server.address() as AddressInfo;
    open(vm('web', `port_forwards = [{ host = ${port}, guest = 80 }]`));
    const result = await runCli(project, ['up']);
    assert.equal(result.code, 70);
    assert.match(
      result.stderr,
      new RegExp(
        `^castra\\.toml:\\d+:27: error: web-0: port 127\\.0\\.0\\.1:${port}/tcp .*node \\(pid ${process.pid}\\) uses it\\. \\[host/port-taken\\]$`,
        'm',
      ),
    );
  });

  it('refuses a UDP port that is taken, and does not mind the same number on TCP', async (t) => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    t.after(() => socket.close());
    await new Promise((done) => socket.once('listening', done));
    const { port } = socket.address();
    open(vm('web', `port_forwards = [{ host = ${port}, guest = 53, protocol = "udp" }]`));
    assert.match((await runCli(project, ['up'])).stderr, new RegExp(`${port}/udp`));
    writeFileSync(project.configPath, HEAD + vm('web', `port_forwards = [{ host = ${port}, guest = 53 }]`));
    const again = await runCli(project, ['up']);
    assert.equal(again.code, 0, again.stderr);
  });

  it('reports all problems of the host at once, and --force lets only capacity pass', async (t) => {
    const server = createServer().listen(0, '127.0.0.1');
    t.after(() => server.close());
    await new Promise((done) => server.once('listening', done));
    const { port } = server.address() as AddressInfo;
    open(
      `[[vms]]\nname = "web"\ncpus = 512\nmemory = "8 TiB"\nbase_image = "base.qcow2"\nport_forwards = [{ host = ${port}, guest = 80 }]\n`,
    );
    const codes = async (...flags: string[]) => {
      const failure = failureOf(await runCli(project, ['up', '--json', ...flags]));
      return failure.kind === 'preflight-failed' ? failure.problems.map((problem) => problem.code) : [failure.kind];
    };
    assert.deepEqual(await codes(), ['host/cpus', 'host/memory', 'host/port-taken']);
    assert.deepEqual(await codes('--force'), ['host/port-taken']);
  });

  it('leaves a VM that is not ready in time running, shows it as not ready, and exits with 70', async () => {
    open(vm('web'));
    const fake = { '*': { noBanner: true, serial: 'Debian 12 web ttyS0\n\nweb login: ' } };
    const result = await runCli(project, ['up', '--timeout', '1'], { fake });
    assert.equal(result.code, 70);
    assert.match(result.stderr, /web-0 is not ready: no SSH login within 1 s: the serial console shows a login prompt/);
    assert.match(result.stderr, /Serial log: /);
    const [shown] = (await stateOf()).vms;
    assert.equal(shown?.state, 'starting');
    assert.match(shown?.reason ?? '', /Not ready: no SSH login/);
    assert.equal(findQemus(project.path).length, 1);
  });

  it('does not wait for a guest whose kernel panicked', async () => {
    open(vm('web'));
    const fake = {
      '*': { noBanner: true, serial: '[    1.0] Kernel panic - not syncing: VFS: Unable to mount root fs\n' },
    };
    const result = await runCli(project, ['up', '--timeout', '120'], { fake });
    assert.equal(result.code, 70);
    assert.match(result.stderr, /the guest's kernel panicked \(VFS: Unable to mount root fs\)/);
  });

  it('reports a broken accelerator as what it is', async () => {
    open(vm('web'));
    const fake = { '*': { noBanner: true, stopEventAfterMs: 100, status: 'internal-error' } };
    const result = await runCli(project, ['up'], { fake });
    assert.equal(result.code, 70);
    assert.match(result.stderr, /status internal-error.*accelerator = "tcg"/);
    assert.equal((await stateOf()).vms[0]?.state, 'error');
  });

  it('says when QEMU ends while the guest boots, and rolls back', async () => {
    open(vm('web'));
    const result = await runCli(project, ['up'], { fake: { '*': { noBanner: true, exitAfterMs: 150 } } });
    assert.equal(result.code, 70);
    assert.match(result.stderr, /QEMU ended with code 0 while the guest was booting/);
    assert.equal((await stateOf()).vms[0]?.overlayBytes, undefined);
  });

  it('is ready when a line on the serial console matches', async () => {
    open(vm('web', 'ready = "serial:^booted in \\\\d+ ms$"'));
    const result = await runCli(project, ['up'], { fake: { '*': { noBanner: true, serial: 'booted in 42 ms\n' } } });
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /ready after .* \(serial: booted in 42 ms\)/);
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`shuts down what is not ready yet on ${signal}, and leaves nothing`, async () => {
      open(vm('web'), vm('db'));
      const running = startCli(project, ['up'], { fake: { 'db-0': { noBanner: true } } });
      await running.until('web-0: ready');
      await running.until('db-0: firmware runs');
      running.child.kill(signal);
      const result = await running.result;
      assert.equal(result.code, 130, result.stderr);
      const { vms } = await stateOf();
      assert.deepEqual(
        vms.map((one) => [one.name, one.state, one.overlayBytes === undefined]),
        [
          ['web-0', 'running', false],
          ['db-0', 'stopped', true],
        ],
      );
      assert.equal(findQemus(project.path).length, 1);
    });
  }

  it('is cancelled by a control line, but not by the end of its input', async () => {
    open(vm('web'));
    const running = startCli(project, ['up', '--json'], { fake: { '*': { noBanner: true } } });
    await running.until('"firmware"');
    running.child.stdin?.write('what is this?\n{"type":"cancel"}\n');
    const result = await running.result;
    assert.equal(failureOf(result).kind, 'cancelled');
    const again = startCli(project, ['up', '--json']);
    again.child.stdin?.end();
    assert.equal((await again.result).code, 0);
  });

  it('goes on when its reader goes away', async () => {
    open(vm('web'));
    const running = startCli(project, ['up'], { fake: { '*': { bootDelayMs: 400 } } });
    await running.until('firmware');
    running.child.stdout?.destroy();
    assert.equal((await running.result).code, 0);
    assert.equal((await stateOf()).vms[0]?.state, 'running');
  });

  it('does not start an invalid project, and prints each finding once', async () => {
    open('[[vms]]\nname = "Web"\n');
    const result = await runCli(project, ['up']);
    assert.equal(result.code, 65);
    assert.equal(result.stderr.match(/invalid-vm-name/g)?.length, 1);
  });

  it('keeps everything it makes, sockets included, from everybody else', async () => {
    open(vm('web'));
    await runCli(project, ['up', '--no-wait'], { real: true });
    const made = readdirSync(project.home, { recursive: true, encoding: 'utf8' });
    assert.ok(made.some((name) => name.endsWith('web-0.qmp')) && made.some((name) => name.endsWith('overlay.qcow2')));
    const readable = made.filter((name) => (statSync(join(project.home, name)).mode & 0o077) !== 0);
    assert.deepEqual(readable, []);
  });

  it('refuses a state_dir that has other files in it, and touches none of them', async () => {
    open(vm('package'));
    for (const dir of ['.', 'src']) {
      writeFileSync(
        project.configPath,
        `version = "0.1.0"\n[project]\nname = "p"\nstate_dir = "${dir}"\n${vm('package')}`,
      );
      const folder = join(project.path, dir);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'package.json'), '{"precious":true}');
      writeFileSync(join(folder, 'server.pid'), '1');
      const before = readdirSync(folder);
      const mode = statSync(folder).mode;
      const refused = await runCli(project, ['up']);
      assert.equal(refused.code, 73);
      assert.match(
        refused.stderr,
        /was not created by Castra for you on this computer, so it is not used\. Set `project\.state_dir` to another/,
      );
      for (const command of ['status', 'down']) await runCli(project, [command]);
      assert.deepEqual(readdirSync(folder), before);
      assert.equal(statSync(folder).mode, mode);
      assert.equal(readFileSync(join(folder, 'package.json'), 'utf8'), '{"precious":true}');
    }
  });

  it('never replaces a file at the overlay path that it did not make', async () => {
    open(vm('web', 'overlay = "precious.qcow2"'));
    const precious = join(project.path, 'precious.qcow2');
    writeFileSync(precious, 'precious');
    for (const command of ['up', 'status', 'down']) {
      const result = await runCli(project, [command]);
      if (command === 'up') assert.match(result.stderr, /exists, and Castra did not create it/);
      assert.equal(readFileSync(precious, 'utf8'), 'precious');
    }
  });
});
