import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { CastraError, type Failure } from '../../../runtime/contract/failures.ts';
import { isSameProcess, type ProcessIdentity } from '../../../runtime/process/identity.ts';
import { launchVm, quote } from '../../../runtime/vm/launch.ts';
import { exitOf, type FakeOptions, fakeRequest, startFake } from '../../support/fakeVm.ts';
import { findQemus, type TempFolder, tempFolder } from '../../support/tempProject.ts';

describe('launchVm', () => {
  let folder: TempFolder;
  beforeEach(() => {
    folder = tempFolder();
  });
  afterEach(() => folder.dispose());

  async function failure(options: FakeOptions): Promise<Failure> {
    try {
      await startFake(folder.path, options);
    } catch (error) {
      assert.ok(error instanceof CastraError, String(error));
      assert.deepEqual(findQemus(folder.path), [], 'nothing is left running');
      return error.failure;
    }
    return assert.fail('it did start');
  }

  test('writes no log through a link, and none that has another name too', async () => {
    const mine = join(folder.path, 'mine');
    writeFileSync(mine, '# a shell');
    const { files } = fakeRequest(folder.path);
    mkdirSync(dirname(files.qemuLog), { recursive: true });
    for (const make of [symlinkSync, linkSync]) {
      make(mine, files.qemuLog);
      const failed = await failure({});
      assert.equal(failed.kind, 'launch-failed');
      assert.equal(readFileSync(mine, 'utf8'), '# a shell');
      rmSync(files.qemuLog);
    }
  });

  test('has its command line on one line of the log, whatever an argument has in it', () => {
    assert.equal(quote("it's"), "'it'\\''s'");
    assert.equal(quote('a\nrm -rf ~'), "$'a\\x0arm -rf ~'");
    assert.equal(
      execFileSync('bash', ['-c', `printf %s ${quote("a\n'b\\\u001b")}`], { encoding: 'utf8' }),
      "a\n'b\\\u001b",
    );
  });

  test('gives a QEMU that answers, and whose process is proven', async () => {
    const started: ProcessIdentity[] = [];
    const qemu = await startFake(folder.path, { onStarted: (process) => started.push(process) });
    assert.deepEqual(started, [qemu.process]);
    assert.ok(isSameProcess(qemu.process));
    assert.deepEqual(await qemu.qmp.execute('query-name'), { name: 'web' });
    assert.equal(readFileSync(join(folder.path, 'web.pid'), 'utf8').trim(), String(qemu.process.pid));
    await qemu.qmp.execute('quit');
    assert.equal(await exitOf(qemu), 'QEMU ended with code 0');
  });

  test('goes on handing events on after the launch', async () => {
    const events: string[] = [];
    const qemu = await startFake(folder.path, { onEvent: ({ event }) => events.push(event) });
    await qemu.qmp.execute('stop');
    await qemu.qmp.execute('cont');
    await qemu.qmp.execute('query-status');
    assert.deepEqual(
      events.filter((event) => event === 'STOP' || event === 'RESUME'),
      ['STOP', 'RESUME'],
    );
    qemu.qmp.close();
  });

  test('keeps its files from other users, and logs a command line for the shell', async () => {
    const qemu = await startFake(folder.path);
    qemu.qmp.close();
    for (const name of ['web.log', 'web-serial.log']) {
      assert.equal(statSync(join(folder.path, 'logs', name)).mode & 0o077, 0, name);
    }
    assert.match(readFileSync(join(folder.path, 'logs/web.log'), 'utf8'), /^# \d{4}-.*fakeQemu\.mjs -name web -uuid/);
  });

  test('clears what a QEMU that is gone left, and keeps the last serial log once', async () => {
    const first = await startFake(folder.path, { behaviour: { serial: 'first run' } });
    process.kill(first.process.pid, 'SIGKILL');
    assert.equal(await exitOf(first), 'QEMU was killed by SIGKILL');
    assert.ok(existsSync(join(folder.path, 'web.pid')));
    const second = await startFake(folder.path, { behaviour: { serial: 'second run' } });
    second.qmp.close();
    assert.equal(readFileSync(join(folder.path, 'logs/web-serial.log.1'), 'utf8'), 'first run');
  });

  test("carries QEMU's own words when it dies at once", async () => {
    const stderr = 'qemu-system-x86_64: could not open disk\nqemu-system-x86_64: giving up\n';
    const failed = await failure({ behaviour: { exitAtStart: { code: 3, stderr } } });
    assert.equal(failed.kind, 'launch-failed');
    assert.deepEqual(failed.qemuOutput, stderr.trim().split('\n'));
    assert.equal(failed.detail, 'QEMU ended with code 3');
    assert.equal(failed.logPath, join(folder.path, 'logs/web.log'));
  });

  test('gives the words of this run alone', async () => {
    await failure({ behaviour: { exitAtStart: { code: 1, stderr: 'first\n' } } });
    const failed = await failure({ behaviour: { exitAtStart: { code: 1, stderr: 'second\n' } } });
    assert.deepEqual(failed.kind === 'launch-failed' ? failed.qemuOutput : [], ['second']);
  });

  test('tells of a forward whose port was taken meanwhile', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const failed = await failure({ forwards: [{ bind: '127.0.0.1', host: port, guest: 22, protocol: 'tcp' }] });
    server.close();
    assert.match(
      failed.kind === 'launch-failed' ? failed.qemuOutput.join() : '',
      /Could not set up host forwarding rule/,
    );
  });

  test('ends a QEMU that never opens its control socket', async () => {
    const failed = await failure({ behaviour: { hang: true }, startTimeoutMs: 300 });
    assert.equal(
      failed.kind === 'launch-failed' ? failed.detail : '',
      'QEMU did not open its control socket within 0.3 s',
    );
  });

  test('gives a slow QEMU all of the start timeout for its greeting', async () => {
    const qemu = await startFake(folder.path, { behaviour: { greetingDelayMs: 2300 }, startTimeoutMs: 20_000 });
    qemu.qmp.close();
  });

  test('ends QEMU when it is cancelled', async () => {
    const started = performance.now();
    const failed = await failure({ behaviour: { hang: true }, signal: AbortSignal.timeout(100) });
    assert.equal(failed.kind, 'cancelled');
    assert.ok(performance.now() - started < 10_000);
  });

  test('leaves nothing behind when it was cancelled before it began', async () => {
    assert.equal((await failure({ signal: AbortSignal.abort() })).kind, 'cancelled');
  });

  test('ends QEMU when its launch cannot be recorded', async () => {
    const failed = await failure({
      onStarted: () => {
        throw new Error('disk full');
      },
    });
    assert.equal(failed.kind === 'launch-failed' ? failed.detail : '', 'disk full');
  });

  test('says that there is no such program', async () => {
    const request = { ...fakeRequest(folder.path), binary: '/nonexistent/qemu' };
    await assert.rejects(launchVm(request), (error) => {
      assert.ok(error instanceof CastraError && error.failure.kind === 'launch-failed');
      assert.match(error.failure.detail, /ENOENT/);
      return true;
    });
  });

  test('refuses a log folder that is none', async () => {
    writeFileSync(join(folder.path, 'logs'), 'a file');
    await assert.rejects(startFake(folder.path), (error) => {
      assert.ok(error instanceof CastraError);
      assert.equal(error.failure.kind, 'state-root-unusable');
      return true;
    });
  });
});
