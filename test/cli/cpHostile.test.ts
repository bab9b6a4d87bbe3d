import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { roomIn } from '../../runtime/operations/ssh/copyRoom.ts';
import { Answers } from '../../runtime/ssh/copy/answers.ts';
import { runCli, startCli } from '../support/cli.ts';
import { startHostileGuest } from '../support/hostileGuest.ts';
import { type HostSshd, noSshd, startSshd } from '../support/hostSshd.ts';
import { LOOPBACK_VM, type LoopbackVm, loopbackVm } from '../support/loopbackVm.ts';

describe('castra cp from a hostile guest', () => {
  let vm: LoopbackVm;
  let guest: { close(): void };
  before(async () => {
    vm = await loopbackVm();
    guest = await startHostileGuest(vm);
  });
  after(async () => {
    guest?.close();
    await vm?.project.dispose();
  });
  const cp = (...paths: string[]) => ['cp', ...paths.map((path) => path.replace('VM', LOOPBACK_VM))];

  test('folders in folders without an end are refused at a depth', async () => {
    const result = await runCli(vm.project, cp('VM:/deep', 'deep'));
    assert.equal(result.code, 70, result.stderr);
    assert.match(result.stderr, /there are more than 200 folders in folders/);
  });

  test('a folder that answers and never ends is refused', async () => {
    const result = await runCli(vm.project, cp('VM:/empty', 'empty'));
    assert.equal(result.code, 70, result.stderr);
    assert.match(result.stderr, /this folder has no end/);
  });

  for (const [path, what] of [
    ['/wide', 'a folder without an end'],
    ['/file', 'a file without an end'],
    ['/mute', 'a guest that does not answer'],
  ] as const) {
    test(`Ctrl-C ends the copy of ${what}`, async () => {
      const to = path === '/file' ? '/dev/null' : `to${path.slice(1)}`;
      const { child, result } = startCli(vm.project, cp(`VM:${path}`, to));
      await delay(1500);
      assert.equal(child.exitCode, null, 'it runs until it is told to stop');
      child.kill('SIGINT');
      assert.equal((await result).code, 130);
    });
  }

  test('a guest that ends SFTP in the middle is told', async () => {
    const result = await runCli(vm.project, cp('VM:/gone', 'gone'));
    assert.equal(result.code, 70, result.stderr);
    assert.match(result.stderr, /the guest closed the connection/);
  });

  test('a guest that says nothing is given up', async () => {
    const answers = new Answers(50);
    const never = new Promise<void>(() => undefined);
    await assert.rejects(answers.wait(never), /the guest has not answered for 0\.05 s/);
    await assert.rejects(answers.wait(never), /the guest has not answered/);
  });

  test('a copy stops before the disk of this host is full', async () => {
    const MIB = 1024 ** 2;
    let freeBytes = 1100 * MIB;
    const makeRoom = roomIn('/folder', async () => ({ freeBytes, totalBytes: 100_000 * MIB }));
    await makeRoom(100 * MIB);
    freeBytes -= 100 * MIB;
    await assert.rejects(makeRoom(100 * MIB), /stopped before the disk of this host is full: it has 1000 MiB left/);
  });
});

describe('castra cp and what is no file', { skip: noSshd }, () => {
  let vm: LoopbackVm;
  let sshd: HostSshd;
  before(async () => {
    vm = await loopbackVm();
    sshd = await startSshd(vm);
    const odd = join(vm.project.path, 'odd');
    mkdirSync(join(odd, 'sub'), { recursive: true });
    writeFileSync(join(odd, 'file'), 'text');
    execFileSync('mkfifo', [join(odd, 'pipe'), join(vm.project.path, 'pipe'), join(odd, 'sub', 'file')]);
  });
  after(async () => {
    await sshd?.stop();
    await vm?.project.dispose();
  });
  const at = (name: string) => join(vm.project.path, name);
  const remote = (name: string) => `${LOOPBACK_VM}:${at(name)}`;

  for (const [direction, from, to] of [
    ['to', at, remote],
    ['from', remote, at],
  ] as const) {
    test(`a FIFO in the source is told and left out, ${direction} the VM`, async () => {
      const result = await runCli(vm.project, ['cp', from('odd'), to(`odd-${direction}`)]);
      assert.equal(result.code, 0, result.stderr);
      assert.match(result.stderr, /odd\/pipe was skipped: it is neither a file nor a folder nor a link\./);
      assert.equal(readFileSync(join(at(`odd-${direction}`), 'file'), 'utf8'), 'text');
      const named = await runCli(vm.project, ['cp', from('pipe'), to('never')]);
      assert.equal(named.code, 70);
      assert.match(named.stderr, /pipe is neither a file nor a folder/);
    });

    test(`a FIFO at the destination is refused instead of waited for, ${direction} the VM`, async () => {
      const named = await runCli(vm.project, ['cp', from('castra.toml'), to('pipe')]);
      assert.equal(named.code, 70, named.stderr);
      assert.match(named.stderr, /pipe exists and is neither a file nor a folder/);
      const inside = await runCli(vm.project, ['cp', from('odd/file'), to('odd/sub')]);
      assert.equal(inside.code, 70, inside.stderr);
      assert.match(inside.stderr, /sub\/file exists and is neither a file nor a folder/);
    });
  }

  test('10,000 levels end in a sentence', async () => {
    // Deeper than a path can be: made from within.
    execFileSync('sh', ['-c', 'mkdir levels && cd levels && for i in $(seq 1 500); do mkdir d && cd d; done'], {
      cwd: vm.project.path,
    });
    for (const [from, to] of [
      [at('levels'), remote('levels-to')],
      [remote('levels'), at('levels-from')],
    ] as const) {
      const result = await runCli(vm.project, ['cp', from, to]);
      assert.equal(result.code, 70, result.stderr);
      assert.match(result.stderr, /there are more than 200 folders in folders/);
    }
  });

  test('/dev/null takes what it is given', async () => {
    const result = await runCli(vm.project, ['cp', remote('castra.toml'), '/dev/null']);
    assert.equal(result.code, 0, result.stderr);
  });
});
