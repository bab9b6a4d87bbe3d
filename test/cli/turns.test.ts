import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { CancelOutcome } from '../../runtime/contract/project.ts';
import type { DownOutcome, StatusOutcome } from '../../runtime/contract/vms.ts';
import { lockProject } from '../../runtime/state/lock.ts';
import { lines, ok, outcomeOf, type RunningCli, runCli, startCli } from '../support/cli.ts';
import { findQemus, type TempProject, tempProject } from '../support/tempProject.ts';

const vm = (name: string) =>
  `[[vms]]\nname = "${name}"\ncpus = 1\nmemory = "64 MiB"\nbase_image = "base.qcow2"\nready = "banner"\n`;
/** In the guests of `slow` and `idle` no SSH server comes up, so their starts only end when they are cancelled. */
const FAKE = { fake: { 'slow-0': { noBanner: true }, 'idle-0': { noBanner: true } } };

describe('commands of one project, started in several places', () => {
  let project: TempProject;
  const running: RunningCli[] = [];
  beforeEach(() => {
    project = tempProject(`version = "0.2.0"\n[project]\nname = "p"\n${['slow', 'idle', 'db'].map(vm).join('')}`);
  });
  afterEach(async () => {
    for (const { child } of running.splice(0)) child.kill('SIGKILL');
    await runCli(project, ['down', '--graceful-wait-secs', '0', '--wait-lock'], FAKE);
    await project.dispose();
  });
  const start = (...args: string[]) => {
    const started = startCli(project, [...args, '--json'], FAKE);
    running.push(started);
    return started;
  };
  const status = async () => outcomeOf<StatusOutcome>(await runCli(project, ['status', '--json'], FAKE));
  const cancel = async () => outcomeOf<CancelOutcome>(await ok(runCli(project, ['cancel', '--json'], FAKE)));
  async function eventually(wanted: (now: StatusOutcome) => boolean): Promise<StatusOutcome> {
    for (;;) {
      const now = await status();
      if (wanted(now)) return now;
      await delay(50);
    }
  }
  const slowOf = ({ vms }: StatusOutcome) => vms.find(({ name }) => name === 'slow-0');

  it('a start shows its step to others, who can cancel it; what it began is taken back', async () => {
    const up = start('up', 'slow');
    const seen = await eventually((now) => slowOf(now)?.phase === 'network');
    assert.equal(slowOf(seen)?.state, 'starting');
    assert.equal(seen.operation?.pid, up.child.pid);
    assert.ok(seen.operation?.steps?.['slow-0']);
    const { operations, ended } = await cancel();
    assert.deepEqual(
      operations.map(({ command, pid }) => [command, pid]),
      [['up', up.child.pid]],
    );
    assert.ok(ended);
    assert.equal((await up.result).code, 130);
    assert.deepEqual(findQemus(project.path), []);
    assert.deepEqual(
      (await status()).vms.map(({ state }) => state),
      ['stopped', 'stopped', 'stopped'],
    );
  });

  it('cancelled from two places at once, it still takes back what it began', async () => {
    const up = start('up', 'slow');
    await eventually((now) => slowOf(now)?.pid !== undefined);
    const answers = await Promise.all([cancel(), cancel(), cancel()]);
    assert.ok(answers.every(({ ended }) => ended));
    const { code, signal } = await up.result;
    assert.deepEqual([code, signal], [130, null]);
    assert.deepEqual(findQemus(project.path), []);
  });

  it('a program that embeds Castra is never signalled', async () => {
    await ok(runCli(project, ['up', 'db'], FAKE));
    const place = { stateRoot: (await status()).stateRoot, configPath: project.configPath };
    const lock = await lockProject({ home: project.home, place, command: 'down', vms: ['db-0'] });
    let signalled = false;
    const note = () => {
      signalled = true;
    };
    process.once('SIGTERM', note);
    try {
      const result = await ok(runCli(project, ['cancel', '--json'], FAKE));
      assert.deepEqual(outcomeOf<CancelOutcome>(result), { operations: [], ended: false });
      assert.match(result.stdout, /A program \(pid \d+\) that embeds Castra is at work on `down`/);
      await delay(50);
      assert.equal(signalled, false);
    } finally {
      process.off('SIGTERM', note);
      lock.release();
    }
  });

  it('without a command there is nothing to cancel', async () => {
    assert.deepEqual(await cancel(), { operations: [], ended: true });
    const { stdout } = await ok(runCli(project, ['cancel'], FAKE));
    assert.equal(stdout, 'No command is changing this project.\n');
  });

  it('for different VMs, they run side by side', async () => {
    const slow = start('up', 'slow');
    await slow.until('vm.launched');
    assert.equal((await runCli(project, ['up', 'db'], FAKE)).code, 0);
    assert.equal((await runCli(project, ['down', 'db'], FAKE)).code, 0);
    assert.equal(slow.child.exitCode, null);
    // A needed VM is one of its VMs, and clean is about all of them.
    assert.equal((await runCli(project, ['clean', '--dry-run'], FAKE)).code, 75);
    const { operations } = await cancel();
    assert.equal(operations.length, 1);
    assert.equal((await slow.result).code, 130);
  });

  it('one VM is cancelled, and the start of another goes on', async () => {
    const slow = start('up', 'slow');
    const idle = start('up', 'idle');
    await Promise.all([slow.until('vm.launched'), idle.until('vm.launched')]);
    assert.equal((await status()).operations?.length, 2);
    // A role means its VMs, as everywhere.
    await ok(runCli(project, ['cancel', 'slow'], FAKE));
    assert.equal((await runCli(project, ['cancel', 'nothing'], FAKE)).code, 64);
    assert.equal((await slow.result).code, 130);
    assert.equal(idle.child.exitCode, null);
    assert.equal((await cancel()).operations.length, 1);
    assert.equal((await idle.result).code, 130);
  });

  /** A start that only ends when it is cancelled. */
  async function startSlow(): Promise<RunningCli> {
    const first = start('up', 'slow');
    await first.until('vm.launched');
    return first;
  }

  it('with --wait-lock the second waits for the first and says for whom', async () => {
    const first = await startSlow();
    const second = start('down', 'slow', '--wait-lock');
    await second.until('lock.waiting');
    await cancel();
    assert.equal((await first.result).code, 130);
    const [waiting] = lines(await ok(second.result)).flatMap((line) => (line.type === 'lock.waiting' ? [line] : []));
    assert.deepEqual([waiting?.command, waiting?.pid, waiting?.vms], ['up', first.child.pid, ['slow-0']]);
  });

  it('without --wait-lock the second is refused', async () => {
    const first = await startSlow();
    assert.equal((await runCli(project, ['down', 'slow'], FAKE)).code, 75);
    await cancel();
    await first.result;
  });

  it('what waited goes by the file as it is when its turn comes', async () => {
    const first = await startSlow();
    const second = start('down', 'slow', 'db', '--wait-lock');
    await second.until('lock.waiting');
    const text = readFileSync(project.configPath, 'utf8');
    writeFileSync(project.configPath, text.replace('name = "db"', 'name = "db"\ncount = 2'));
    await cancel();
    await first.result;
    const { vms } = outcomeOf<DownOutcome>(await ok(second.result));
    assert.deepEqual(
      vms.map(({ vm: name }) => name),
      ['slow-0', 'db-0', 'db-1'],
    );
  });

  it('a wait ends when it is cancelled', async () => {
    const first = await startSlow();
    const second = start('down', 'slow', '--wait-lock');
    await second.until('lock.waiting');
    second.child.stdin?.write('{"type":"cancel"}\n');
    assert.equal((await second.result).code, 130);
    await cancel();
    await first.result;
  });
});
