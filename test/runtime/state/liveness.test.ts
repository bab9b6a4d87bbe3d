import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { bootId, identify } from '../../../runtime/process/identity.ts';
import { vmSockets } from '../../../runtime/state/layout.ts';
import { inspectVm, knownVms } from '../../../runtime/state/liveness.ts';
import { type LaunchRecord, readRecord, removeRecord, writeRecord } from '../../../runtime/state/record.ts';
import { launchVm, type RunningQemu } from '../../../runtime/vm/launch.ts';
import { waitForExit } from '../../../runtime/vm/shutdown.ts';
import { fakeRequest, startFake } from '../../support/fakeVm.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

let folder: TempFolder;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.dispose());

function makeRecord(changes: Partial<LaunchRecord> = {}): LaunchRecord {
  return {
    format: 1,
    vm: 'web',
    role: 'web',
    uuid: randomUUID(),
    bootId: bootId(),
    launchedAt: '2026-01-02T03:04:05.000Z',
    accelerator: 'tcg',
    cpus: 1,
    memoryMiB: 64,
    overlayPath: join(folder.path, 'overlays/web.qcow2'),
    baseImage: '/base.qcow2',
    forwards: [{ bind: '127.0.0.1', host: 2222, guest: 22, protocol: 'tcp' }],
    sshPort: 2222,
    sockets: vmSockets(folder.path, 'web', {}),
    ready: { kind: 'ssh' },
    ...changes,
  };
}

describe('a launch record', () => {
  test('is read as it was written', () => {
    const full = makeRecord({ pid: 7, startToken: 't', readyAt: 'now', notReady: { phase: 'kernel', evidence: 'e' } });
    writeRecord(folder.path, full);
    assert.deepEqual(readRecord(folder.path, 'web'), full);
    removeRecord(folder.path, 'web');
    removeRecord(folder.path, 'web');
    assert.equal(readRecord(folder.path, 'web'), undefined);
  });

  const foreign: Readonly<Record<string, unknown>> = {
    'of another format': { format: 2 },
    'of another VM': { vm: 'db' },
    'without a uuid': { uuid: undefined },
    'with a pid that is a text': { pid: '7' },
    'with sockets that are none': { sockets: { qmp: '/a' } },
    'with forwards that are no list': { forwards: {} },
    'with forwards that are none': { forwards: [null] },
    'with half a forward': { forwards: [{ bind: '127.0.0.1', host: 1 }] },
    'without a ready signal': { ready: null },
    'with cpus that are a text': { cpus: '2' },
  };
  for (const [what, changes] of Object.entries(foreign)) {
    test(`${what} is none of ours`, () => {
      const text = JSON.stringify({ ...makeRecord(), ...(changes as object) });
      writeFileSync(join(folder.path, 'web.json'), text);
      assert.equal(readRecord(folder.path, 'web'), undefined);
    });
  }

  test('that is broken is none', () => {
    const whole = JSON.stringify(makeRecord());
    for (const text of ['', '{', 'null', '[]', '7', whole.slice(0, -1)]) {
      writeFileSync(join(folder.path, 'web.json'), text);
      assert.equal(readRecord(folder.path, 'web'), undefined, text);
    }
  });
});

test('knownVms finds every VM that left a record, and takes no other file for one', () => {
  writeRecord(folder.path, makeRecord());
  for (const name of [
    'package.json',
    'server.pid',
    'operation.json',
    'castra.lock',
    'x.json.0011.tmp',
    'web.vars.fd',
  ]) {
    writeFileSync(join(folder.path, name), '{}');
  }
  assert.deepEqual(knownVms(folder.path), ['web']);
  assert.deepEqual(knownVms(join(folder.path, 'none')), []);
});

describe('inspectVm', () => {
  const others: ChildProcess[] = [];
  afterEach(() => {
    for (const other of others.splice(0)) other.kill('SIGKILL');
  });

  const pidfile = (text: string) => writeFileSync(join(folder.path, 'web.pid'), text);

  /** A process that has nothing to do with us. */
  async function stranger(...words: string[]): Promise<number> {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)', ...words], { stdio: 'ignore' });
    others.push(child);
    await once(child, 'spawn');
    return child.pid ?? -1;
  }

  /** A fake QEMU, and the record that its launch would have left. */
  async function launched(changes: Partial<LaunchRecord> = {}): Promise<{ qemu: RunningQemu; record: LaunchRecord }> {
    const request = fakeRequest(folder.path);
    const qemu = await launchVm(request);
    qemu.qmp.close();
    const uuid = request.args[request.args.indexOf('-uuid') + 1] ?? '';
    const record = makeRecord({ uuid, ...qemu.process, ...changes });
    writeRecord(folder.path, record);
    return { qemu, record };
  }

  test('absent: nothing was ever started', () => {
    assert.deepEqual(inspectVm(folder.path, 'web'), { kind: 'absent' });
    assert.deepEqual(inspectVm(join(folder.path, 'none'), 'web'), { kind: 'absent' });
  });

  test('running: the recorded process is still the same', async () => {
    const { qemu, record } = await launched();
    assert.deepEqual(inspectVm(folder.path, 'web'), { kind: 'running', process: qemu.process, record });
    rmSync(join(folder.path, 'web.pid'));
    assert.equal(inspectVm(folder.path, 'web').kind, 'running', 'also without its pidfile');
  });

  test('running: without a record, our pidfile on its command line is proof', async () => {
    const qemu = await startFake(folder.path);
    qemu.qmp.close();
    assert.deepEqual(inspectVm(folder.path, 'web'), { kind: 'running', process: qemu.process });
  });

  test('running: a record without a pid is completed by the pidfile', async () => {
    const { qemu, record } = await launched();
    const { pid: _pid, startToken: _token, ...early } = record;
    writeRecord(folder.path, early);
    assert.deepEqual(inspectVm(folder.path, 'web'), { kind: 'running', process: qemu.process, record: early });
  });

  test('running: without pid and pidfile, it is found by its uuid', async () => {
    const { qemu, record } = await launched();
    const { pid: _pid, startToken: _token, ...early } = record;
    writeRecord(folder.path, early);
    rmSync(join(folder.path, 'web.pid'));
    assert.deepEqual(inspectVm(folder.path, 'web'), { kind: 'running', process: qemu.process, record: early });
  });

  test('a process that merely mentions the uuid is not the VM', async () => {
    const record = makeRecord();
    writeRecord(folder.path, record);
    await stranger('grep', record.uuid, `uuid: ${record.uuid}`);
    assert.deepEqual(inspectVm(folder.path, 'web'), { kind: 'ended', record, hostRestarted: false });
  });

  test('ended: QEMU went in order and took its pidfile with it', async () => {
    const { qemu, record } = await launched();
    process.kill(qemu.process.pid, 'SIGTERM');
    assert.ok(await waitForExit(qemu.process, 20_000));
    assert.deepEqual(inspectVm(folder.path, 'web'), { kind: 'ended', record, hostRestarted: false });
  });

  test('ended: the host was restarted since, whoever has the pid now', async () => {
    const pid = await stranger();
    const record = makeRecord({ pid, startToken: 'before', bootId: 'an earlier boot' });
    writeRecord(folder.path, record);
    assert.deepEqual(inspectVm(folder.path, 'web'), { kind: 'ended', record, hostRestarted: true });
    pidfile(`${pid}\n`);
    assert.deepEqual(inspectVm(folder.path, 'web'), { kind: 'ended', record, hostRestarted: true });
  });

  test('died: QEMU left its pidfile behind', async () => {
    const { qemu, record } = await launched();
    process.kill(qemu.process.pid, 'SIGKILL');
    assert.ok(await waitForExit(qemu.process, 20_000));
    assert.deepEqual(inspectVm(folder.path, 'web'), { kind: 'died', record });
    removeRecord(folder.path, 'web');
    assert.deepEqual(inspectVm(folder.path, 'web'), { kind: 'died' });
  });

  test('died: a pidfile that holds no pid', () => {
    for (const text of ['', 'x', '-1', '12 34', '99999999999999999999', '1']) {
      pidfile(text);
      assert.equal(inspectVm(folder.path, 'web').kind, 'died', text);
    }
  });

  test('foreign: another process was given the pid', async () => {
    const pid = await stranger();
    pidfile(`${pid}\n`);
    assert.deepEqual(inspectVm(folder.path, 'web'), { kind: 'foreign', pid });
    const record = makeRecord({ pid, startToken: 'of our QEMU, which is gone' });
    writeRecord(folder.path, record);
    assert.deepEqual(inspectVm(folder.path, 'web'), { kind: 'foreign', pid, record });
    assert.ok(identify(pid));
  });

  test('foreign: the VM of another project', async () => {
    const { qemu } = await launched();
    const other = tempFolder();
    writeFileSync(join(other.path, 'web.pid'), String(qemu.process.pid));
    assert.deepEqual(inspectVm(other.path, 'web'), { kind: 'foreign', pid: qemu.process.pid });
    await other.dispose();
  });
});
