import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ResumeOutcome, StatusOutcome, UpOutcome, VmStatus } from '../../runtime/contract/vms.ts';
import { readRecord } from '../../runtime/state/record.ts';
import { QmpClient } from '../../runtime/vm/qmp.ts';
import { type CliResult, lines, ok, outcomeOf, runCli } from '../support/cli.ts';
import { type TempProject, tempProject } from '../support/tempProject.ts';

const REAL = { real: true };
const obstacle = process.env.CASTRA_TEST_GUEST === undefined ? 'the test guest was not built' : false;
const toml = (image: string) => `version = "0.2.0"
[project]
name = "shop"
state_dir = "state"
[[vms]]
name = "web"
cpus = 1
memory = "128 MiB"
base_image = '''${image}'''
ready = "none"
`;

/** A QEMU that runs the firmware of a small guest is enough: what is asked is QEMU, not the guest. */
describe('a guest that stands still', { skip: obstacle }, () => {
  let project: TempProject;
  let root: string;
  beforeEach(async () => {
    project = tempProject(toml(process.env.CASTRA_TEST_GUEST ?? ''));
    root = join(project.path, 'state');
    await ok(runCli(project, ['up'], REAL));
  });
  afterEach(async () => {
    await runCli(project, ['down', '--graceful-wait-secs', '0'], REAL);
    await project.dispose();
  });

  async function qmp(command: string): Promise<void> {
    const client = await QmpClient.connect(readRecord(root, 'web-0')?.sockets.monitor ?? '');
    await client.execute(command);
    client.close();
  }
  const shown = () => stateOf(project);
  const resultOf = (result: CliResult) => outcomeOf<ResumeOutcome>(result).vms.map((vm) => vm.result);

  it('is shown with its reason and the way on, and `resume` continues it', async () => {
    await qmp('stop');
    const paused = await shown();
    assert.equal(paused.state, 'paused');
    assert.equal(paused.reason, 'It was paused over QMP (status paused). `castra resume web-0` continues it.');
    const resumed = await ok(runCli(project, ['resume', 'web', '--json'], REAL));
    assert.deepEqual(resultOf(resumed), ['resumed']);
    assert.ok(lines(resumed).some((line) => line.type === 'vm.resumed' && line.vm === 'web-0'));
    assert.equal((await shown()).state, 'running');
    assert.deepEqual(resultOf(await ok(runCli(project, ['resume', '--json'], REAL))), ['already-running']);
  });

  it('continues with `up` as well, which never calls it running while it is not', async () => {
    await qmp('stop');
    const again = await ok(runCli(project, ['up', '--json'], REAL));
    assert.deepEqual(
      lines(again).flatMap((line) => (line.type.startsWith('vm.') ? [line.type] : [])),
      ['vm.resumed', 'vm.kept'],
    );
    assert.equal(outcomeOf<UpOutcome>(again).vms[0]?.result, 'already-running');
    assert.equal((await shown()).state, 'running');
  });

  it('whose QEMU does not answer is a failure of `up` and `resume`, with what to do', async () => {
    const pid = readRecord(root, 'web-0')?.pid;
    // 0 would mean this test's own process group.
    assert.ok(pid);
    process.kill(pid, 'SIGSTOP');
    try {
      // `up` allows a QEMU that has just started 15 s; one that was ready has no such time.
      for (const verb of ['up', 'resume']) {
        const result = await runCli(project, [verb, 'web'], REAL);
        assert.equal(result.code, 70, result.stdout + result.stderr);
        assert.match(
          result.stderr,
          /web-0 is running but does not work: QEMU does not answer .* `castra down web-0` stops it/s,
        );
      }
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  it('`resume` of a VM that does not run says so', async () => {
    await ok(runCli(project, ['down', '--graceful-wait-secs', '0'], REAL));
    const result = await runCli(project, ['resume', 'web'], REAL);
    assert.equal(result.code, 70);
    assert.match(result.stderr, /web-0 is not running/);
    assert.match((await ok(runCli(project, ['resume'], REAL))).stdout, /No VM is running/);
  });
});

describe('a VM whose QEMU was killed', { skip: obstacle }, () => {
  it('keeps its disk: `status` says where it stands, `up` puts it aside', async () => {
    const project = tempProject(toml(process.env.CASTRA_TEST_GUEST ?? ''));
    const root = join(project.path, 'state');
    try {
      await ok(runCli(project, ['up'], REAL));
      const overlay = readRecord(root, 'web-0')?.overlayPath ?? '';
      execFileSync('kill', ['-9', String(readRecord(root, 'web-0')?.pid)]);
      const { stdout } = await runCli(project, ['status'], REAL);
      assert.match(
        stdout,
        /web-0: QEMU crashed or was killed\. Its disk \(.*\) is still there: `castra up web-0` puts it aside/,
      );
      assert.ok(existsSync(overlay));
      const up = await ok(runCli(project, ['up', '--json'], REAL));
      const kept = lines(up).find((line) => line.type === 'overlay.kept');
      assert.ok(kept?.type === 'overlay.kept' && existsSync(kept.path), up.stdout);
      assert.equal(readdirSync(join(root, 'kept')).length, 1);
    } finally {
      await runCli(project, ['down', '--graceful-wait-secs', '0'], REAL);
      await project.dispose();
    }
  });
});

/** Default arguments: QEMU stops a guest whose write finds the disk of the host full (`werror=enospc`). */
describe('a guest whose disk could not be written, because the host has no space', { skip: obstacle }, () => {
  it('stands still without losing data, and continues once there is space', async (t) => {
    if (process.getuid?.() !== 0) return t.skip('only root can mount a tmpfs');
    const project = tempProject(guestToml());
    const root = join(project.path, 'state');
    mkdirSync(root, { mode: 0o700 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m,mode=700', 'castra-test', root]);
    try {
      await ok(runCli(project, ['up', '--force'], REAL));
      // Behind the guest's own file system, so that it stays usable.
      const fill =
        'dd if=/dev/urandom of=/dev/vda bs=1M seek=1000 count=100 conv=fsync >/tmp/dd 2>&1; echo $? >/tmp/code';
      await ok(runCli(project, ['exec', 'web', '--', 'sh', '-c', `(${fill}) </dev/null >/dev/null 2>&1 &`], REAL));
      await eventually(async () => (await stateOf(project)).state === 'error');
      assert.match(
        (await stateOf(project)).reason ?? '',
        /^A disk write failed on the host .* free some disk space\. `castra resume web-0` continues it\.$/,
      );
      const tooEarly = await runCli(project, ['resume', 'web'], REAL);
      assert.equal(tooEarly.code, 70, tooEarly.stdout);
      assert.match(tooEarly.stderr, /web-0 is running but does not work: a disk write failed on the host/);
      execFileSync('mount', ['-o', 'remount,size=400m', root]);
      assert.match((await ok(runCli(project, ['up'], REAL))).stdout, /web-0: resumed \(a disk write failed/);
      await eventually(async () => {
        const { stdout } = await runCli(project, ['exec', 'web', '--', 'cat', '/tmp/code'], REAL);
        return stdout.includes('0');
      });
    } finally {
      await runCli(project, ['down', '--graceful-wait-secs', '0'], REAL);
      execFileSync('umount', [root]);
      await project.dispose();
    }
  });
});

describe('castra ssh VM -- poweroff', { skip: obstacle }, () => {
  it('ends without a diagnosis: the guest did what it was asked', async () => {
    const project = tempProject(guestToml());
    try {
      await ok(runCli(project, ['up'], REAL));
      const { stderr } = await runCli(project, ['ssh', 'web', '--', 'poweroff'], REAL);
      assert.doesNotMatch(stderr, /Error|cannot be reached/);
      await eventually(async () => (await stateOf(project)).state === 'stopped');
      assert.match((await stateOf(project)).reason ?? '', /^The guest powered off\. Its disk .* is still there/);
    } finally {
      await runCli(project, ['down'], REAL);
      await project.dispose();
    }
  });
});

const guestToml = () =>
  `${toml(process.env.CASTRA_TEST_GUEST ?? '')
    .replace('128 MiB', '256 MiB')
    .replace('ready = "none"', 'ssh_user = "root"')}overlay_size = "2 GiB"\n`;

async function stateOf(project: TempProject): Promise<VmStatus> {
  const [vm] = outcomeOf<StatusOutcome>(await runCli(project, ['status', '--json'], REAL)).vms;
  assert.ok(vm);
  return vm;
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, 'waited in vain');
    await delay(200);
  }
}
