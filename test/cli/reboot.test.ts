import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { RebootOutcome, StatusOutcome, UpOutcome } from '../../runtime/contract/vms.ts';
import { readRecord } from '../../runtime/state/record.ts';
import { QmpClient } from '../../runtime/vm/qmp.ts';
import { type CliResult, lines, ok, outcomeOf, runCli } from '../support/cli.ts';
import { startHostileGuest } from '../support/hostileGuest.ts';
import { loopbackVm } from '../support/loopbackVm.ts';
import { type SshProject, sshProject } from '../support/sshProject.ts';
import { withProject } from '../support/tempProject.ts';

const image = process.env.CASTRA_TEST_GUEST;
const REAL = { real: true };
const ONE = 'version = "0.2.0"\n[project]\nname = "p"\n[[vms]]\nname = "web"\nbase_image = "base.qcow2"\n';

describe('reboot and restart of a real guest', { skip: image === undefined && 'CASTRA_TEST_GUEST is not set' }, () => {
  let project: SshProject;
  before(async () => {
    project = sshProject(image ?? '', 1);
    await ok(runCli(project, ['up', 'web'], REAL));
  });
  after(() => project?.dispose());
  const castra = (...args: string[]): Promise<CliResult> => runCli(project, args, REAL);
  const inGuest = async (line: string): Promise<string> => (await ok(castra('ssh', 'web-0', line))).stdout.trim();
  const bootOf = () => inGuest('cat /proc/sys/kernel/random/boot_id');

  for (const [method, flags] of [
    ['guest', []],
    ['reset', ['--hard']],
  ] as const) {
    test(`a reboot by ${method} keeps the disk and waits until the guest is ready again`, async () => {
      await inGuest(`echo ${method} > /root/kept && sync`);
      const earlier = await bootOf();
      const result = await ok(castra('reboot', ...flags, 'web', '--json'));
      assert.equal(outcomeOf<RebootOutcome>(result).vms[0]?.result, 'ready');
      const events = lines(result).map((line) => line.type);
      assert.ok(events.indexOf('vm.rebooting') < events.indexOf('vm.ready'), events.join());
      assert.ok(lines(result).some((line) => line.type === 'vm.rebooting' && line.method === method));
      assert.notEqual(await bootOf(), earlier);
      assert.equal(await inGuest('cat /root/kept'), method);
      assert.equal(outcomeOf<StatusOutcome>(await castra('status', '--json')).vms[0]?.state, 'running');
    });
  }

  test('a guest that was paused is reset, and only that', async () => {
    const monitor = readRecord(project.stateRoot, 'web-0')?.sockets.monitor ?? '';
    const qmp = await QmpClient.connect(monitor);
    await qmp.execute('stop');
    qmp.close();
    const asked = await castra('reboot');
    assert.equal(asked.code, 70);
    assert.match(
      asked.stderr,
      /paused over QMP.*`castra resume web-0` continues it\. `castra reboot --hard web-0` resets it/,
    );
    const result = await ok(castra('reboot', '--hard', '--json'));
    assert.equal(outcomeOf<RebootOutcome>(result).vms[0]?.result, 'ready');
  });

  test('a restart asks, and starts with a new disk', async () => {
    const pid = async () => outcomeOf<StatusOutcome>(await castra('status', '--json')).vms[0]?.pid;
    const earlier = await pid();
    const asked = await castra('restart', 'web');
    assert.equal(asked.code, 64);
    assert.match(asked.stderr, /warning: web-0: restart discards the disk, with everything that was written to it/);
    assert.match(
      asked.stderr,
      /Restart web-0 with a new disk\? There is no terminal to ask at: pass --yes to confirm\./,
    );
    assert.equal(await pid(), earlier);
    const done = await ok(castra('restart', '--yes', '--json'));
    assert.equal(outcomeOf<UpOutcome>(done).vms[0]?.result, 'ready');
    assert.notEqual(await pid(), earlier);
    assert.equal(await inGuest('ls /root/kept 2>/dev/null || echo gone'), 'gone');
  });
});

test('a guest that refuses to reboot is told, with what helps', async () => {
  const vm = await loopbackVm();
  const guest = await startHostileGuest(vm);
  try {
    const result = await runCli(vm.project, ['reboot']);
    assert.equal(result.code, 70, result.stdout + result.stderr);
    assert.match(
      result.stderr,
      /web-0 did not reboot: the guest refuses \(not today\)\. `castra reboot --hard web-0` resets it/,
    );
  } finally {
    guest.close();
    await vm.project.dispose();
  }
});

describe('reboot and restart without a VM that runs', () => {
  test('say so', () =>
    withProject(ONE, async (project) => {
      for (const command of ['reboot', 'restart']) {
        assert.equal((await ok(runCli(project, [command]))).stdout, 'No VM is running.\n');
      }
      const named = await runCli(project, ['reboot', 'web']);
      assert.equal(named.code, 70);
      assert.match(named.stderr, /web-0 is not running: it is stopped\. `castra up web-0` starts it\./);
      await ok(runCli(project, ['restart', 'web']));
      const kept = await ok(runCli(project, ['restart', '--keep-overlay', 'web']));
      assert.match(kept.stdout, /1 VM restarted\./);
      await ok(runCli(project, ['down']));
    }));

  test('restart stops nothing when castra.toml has errors', () =>
    withProject(ONE, async (project) => {
      await ok(runCli(project, ['up']));
      writeFileSync(project.configPath, `${ONE}memory = 1\n`);
      assert.equal((await runCli(project, ['restart', '--yes'])).code, 65);
      writeFileSync(project.configPath, ONE);
      assert.equal(outcomeOf<StatusOutcome>(await runCli(project, ['status', '--json'])).vms[0]?.state, 'running');
    }));
});
