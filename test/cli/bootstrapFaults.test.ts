import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { UpOutcome } from '../../runtime/contract/vms.ts';
import { readRecord } from '../../runtime/state/record.ts';
import {
  type BootstrapProject,
  eventsOf,
  failureOf,
  guestVm,
  outputOf,
  resultOf,
  stepsOf,
  withGuests,
} from '../support/bootstrapProject.ts';
import { type CliResult, lines, ok, outcomeOf, runCli, startCli } from '../support/cli.ts';
import { REAL } from '../support/realGuest.ts';

const up = (project: BootstrapProject, ...args: string[]): Promise<CliResult> =>
  runCli(project, ['up', '--json', '--force', ...args], REAL);
const bootstrap = (project: BootstrapProject, ...args: string[]): Promise<CliResult> =>
  runCli(project, ['bootstrap', '--json', ...args], REAL);

const steps = (project: BootstrapProject, vm: string, text: string) =>
  project.write(`bootstrap/${vm}/bootstrap.toml`, text);

/** A file of so many bytes that takes no room here. */
function bigFile(path: string, bytes: number): void {
  const file = openSync(path, 'w');
  ftruncateSync(file, bytes);
  closeSync(file);
}

describe('a bootstrap meets trouble', { concurrency: 2 }, () => {
  test('a step that takes too long, waits for input or is cancelled leaves nothing running; one that floods is no trouble', (t) =>
    withGuests(t, [guestVm('web')], async (project) => {
      steps(project, 'web', '[[steps]]\nname = "slow"\nrun = "sleep 4711 & sleep 4711"\ntimeout_secs = 2\n');
      const late = failureOf(await up(project));
      assert.equal(late.detail, 'it did not end within 2 s and was ended');
      const left = () => project.sh('web', 'ps | grep -c "[s]leep 4711" || true');
      assert.equal(await left(), '0');

      steps(project, 'web', '[[steps]]\nname = "ask"\nrun = "read answer || echo got $?; cat; echo end"\n');
      assert.equal(outputOf(await ok(bootstrap(project))), 'got 1\nend\n');

      steps(project, 'web', '[[steps]]\nname = "slow"\nrun = "echo begun; sleep 4711 & sleep 4711"\n');
      const running = startCli(project, ['bootstrap', '--json', 'web'], REAL);
      await running.until('begun');
      running.child.stdin?.write('{"type":"cancel"}\n');
      const cancelled = await running.result;
      assert.equal(cancelled.code, 130);
      assert.equal(resultOf(cancelled).status, 'cancelled');
      assert.equal(await left(), '0');

      // What it leaves running on purpose does not hold the bootstrap, and goes on.
      steps(project, 'web', '[[steps]]\nname = "service"\nrun = "sleep 4711 & echo started"\n');
      assert.equal(outputOf(await ok(bootstrap(project))), 'started\n');
      assert.equal(await left(), '1');
      await project.sh('web', 'killall sleep');

      const flood = "dd if=/dev/zero bs=1M count=100 2>/dev/null | tr '\\\\\\\\0' '\\\\\\\\377'; echo; echo end";
      steps(project, 'web', `[[steps]]\nname = "flood"\nrun = "${flood}"\n`);
      const flooded = await ok(
        runCli(project, ['bootstrap', 'web'], { ...REAL, env: { NODE_OPTIONS: '--max-old-space-size=120' } }),
      );
      assert.match(flooded.stdout, /apply flood: /);
      const log = JSON.parse(
        (await ok(runCli(project, ['status', '--json'], REAL))).stdout.trim().split('\n').at(-1) ?? '',
      ).outcome.vms[0].bootstrap.logPath;
      assert.match(readFileSync(log, 'utf8'), /\nend\n/);
      assert.ok(statSync(log).size < 40_000_000, 'the log is rotated');
    }));

  test('castra is killed in the middle: the next up ends what was left and runs again', (t) =>
    withGuests(t, [guestVm('web')], async (project) => {
      project.write(
        'bootstrap/web/run.sh',
        '#!/bin/sh\nif [ -e /root/second ]; then echo again; exit; fi\ntouch /root/second\necho begun\nsleep 4711\n',
      );
      const first = startCli(project, ['up', '--json'], REAL);
      await first.until('begun');
      first.child.kill('SIGKILL');
      await first.result;
      const status = await ok(runCli(project, ['status'], REAL));
      assert.match(status.stdout, /web: its bootstrap failed at apply run\.sh: the command that ran it was killed/);
      const second = await ok(up(project));
      assert.equal(outputOf(second), 'again\n');
      assert.match(
        eventsOf(second, 'bootstrap.step').find(({ step, status: how }) => step === 'connect' && how === 'success')
          ?.detail ?? '',
        /ended process group \d+ of an earlier run/,
      );
      assert.equal(await project.sh('web', 'ps | grep -c "[s]leep 4711" || true'), '0');
    }));

  test('the guest restarts when a step asks for it, its SSH server restarts, its key is another one, and it dies', (t) =>
    withGuests(t, [guestVm('web')], async (project) => {
      steps(
        project,
        'web',
        `[[steps]]
name = "kernel"
run = "cat /proc/sys/kernel/random/boot_id > /root/before"
reboot = true
[[steps]]
name = "after"
run = "test $(cat /root/before) != $(cat /proc/sys/kernel/random/boot_id) && echo restarted"
`,
      );
      const restarted = await ok(up(project));
      assert.equal(outputOf(restarted), 'restarted\n');
      // The folder was in memory, so it is sent again.
      assert.deepEqual(stepsOf(restarted).slice(2), [
        'transfer: success',
        'apply kernel: success',
        'reboot kernel: success',
        'transfer: success',
        'apply after: success',
        'verify: success',
      ]);

      steps(
        project,
        'web',
        `[[steps]]
name = "restart"
run = "setsid sh -c 'sleep 1; killall dropbear; sleep 3; /usr/lib/castra/sshd' >/dev/null 2>&1 </dev/null &"
[[steps]]
name = "meanwhile"
run = "sleep 2; echo through"
retries = 3
`,
      );
      const through = await ok(bootstrap(project));
      assert.equal(outputOf(through), 'through\n');
      assert.deepEqual(stepsOf(through).slice(3), [
        'apply restart: success',
        'apply meanwhile: retrying',
        'apply meanwhile: success',
        'verify: success',
      ]);

      const pinned = join(project.stateRoot, 'keys', 'web_host_ed25519.pub');
      const own = readFileSync(pinned, 'utf8');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(project.path, 'other')]);
      writeFileSync(pinned, readFileSync(join(project.path, 'other.pub')));
      const stranger = failureOf(await bootstrap(project));
      assert.equal(stranger.step, 'wait-handshake');
      assert.match(stranger.detail, /does not have the host key that Castra created/);
      writeFileSync(pinned, own);

      steps(project, 'web', '[[steps]]\nname = "last"\nrun = "echo begun; sleep 4711"\n');
      const running = startCli(project, ['bootstrap', '--json', 'web'], REAL);
      await running.until('begun');
      const pid = readRecord(project.stateRoot, 'web')?.pid;
      assert.ok(pid !== undefined && pid > 1);
      process.kill(pid, 'SIGKILL');
      const died = failureOf(await running.result);
      assert.equal(died.detail, 'the guest died: its QEMU ended');
      assert.match(died.hint, /`castra up web` starts it again/);
    }));

  test('200 MB and 10,000 files arrive, and a disk that is full is called that', (t) =>
    withGuests(t, [{ name: 'web', memory: '1 GiB' }, guestVm('small')], async (project) => {
      for (const name of ['web', 'small']) {
        mkdirSync(join(project.path, 'bootstrap', name, 'payload', 'many'), { recursive: true });
        bigFile(join(project.path, 'bootstrap', name, 'payload', 'big'), 200 * 1024 * 1024);
      }
      for (let index = 0; index < 10_000; index++)
        writeFileSync(join(project.path, 'bootstrap/web/payload/many', `f${index}`), `${index}`.padEnd(1024, '.'));
      project.write('bootstrap/web/run.sh', 'cd payload; ls many | wc -l; wc -c < big; cat many/f9999 | wc -c\n');
      project.write('bootstrap/small/run.sh', 'echo never\n');
      const result = await up(project);
      assert.equal(result.code, 70);
      assert.equal(resultOf(result).status, 'success', JSON.stringify(resultOf(result)));
      assert.deepEqual(outputOf(result).trim().split(/\s+/), ['10000', String(200 * 1024 * 1024), '1024']);
      assert.ok(eventsOf(result, 'bootstrap.progress').length > 2);
      const full = failureOf(result, 'small');
      assert.equal(full.step, 'transfer');
      assert.match(full.hint, /The disk of the guest is full/);
      assert.equal(await project.sh('small', 'ls -A /tmp/castra-bootstrap'), '', 'nothing half-made is left');
      // An unchanged payload of 10,000 files is not sent again.
      assert.ok(stepsOf(await ok(bootstrap(project, 'web'))).includes('transfer: skipped'));
    }));

  test('a VM that needs another waits for its bootstrap, and so does a step; a failure stops only those that need it', (t) =>
    withGuests(
      t,
      [guestVm('db'), guestVm('web', 'needs = ["db"]'), guestVm('job')],
      async (project) => {
        project.write('bootstrap/db/run.sh', 'sleep 1; touch /root/ready; echo db\n');
        project.write('bootstrap/web/run.sh', 'echo web\n');
        steps(project, 'job', '[[steps]]\nname = "late"\nrun = "echo job"\nneeds = ["web"]\n');
        const result = await ok(up(project));
        const order = lines(result).flatMap((line) =>
          line.type === 'bootstrap.completed' || (line.type === 'vm.launched' && line.vm === 'web')
            ? [`${line.type} ${line.vm}`]
            : [],
        );
        assert.deepEqual(order, [
          'bootstrap.completed db',
          'vm.launched web',
          'bootstrap.completed web',
          'bootstrap.completed job',
        ]);
        const outcome = outcomeOf<UpOutcome>(result).vms.map((vm) =>
          'bootstrap' in vm ? vm.bootstrap?.status : vm.result,
        );
        assert.deepEqual(outcome, ['success', 'success', 'success']);

        await ok(runCli(project, ['down'], REAL));
        project.write('bootstrap/db/run.sh', 'exit 5\n');
        const failed = await up(project);
        assert.equal(failed.code, 70);
        const { failure } = lines(failed).at(-1) as unknown as {
          failure: { vms: { vm: string; failure?: { kind: string } }[] };
        };
        assert.deepEqual(
          failure.vms.map(({ vm, failure: why }) => [vm, why?.kind]),
          [
            ['db', 'bootstrap-failed'],
            ['web', 'dependency-failed'],
            ['job', 'bootstrap-failed'],
          ],
        );
        assert.equal(failureOf(failed, 'job').detail, 'web did not start');
        steps(project, 'db', '[[steps]]\nname = "x"\nrun = "true"\nneeds = ["job"]\n');
        const circle = await up(project);
        assert.equal(circle.code, 70);
        assert.match(circle.stdout, /wait for each other for ever: db → job → web → db/);
      },
      '[bootstrap]\nmax_parallel = 1',
    ));
});
