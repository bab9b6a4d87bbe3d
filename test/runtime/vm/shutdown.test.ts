import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import type { Event } from '../../../runtime/contract/events.ts';
import { CastraError } from '../../../runtime/contract/failures.ts';
import { silent } from '../../../runtime/contract/reporter.ts';
import type { ShutdownWaits } from '../../../runtime/contract/vocabulary.ts';
import { identify, isSameProcess } from '../../../runtime/process/identity.ts';
import type { RunningQemu } from '../../../runtime/vm/launch.ts';
import { QmpClient } from '../../../runtime/vm/qmp.ts';
import { type ShutdownTarget, shutdownVm, signalProcess, waitForExit } from '../../../runtime/vm/shutdown.ts';
import { type Behaviour, startFake } from '../../support/fakeVm.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

const patient: ShutdownWaits = { gracefulMs: 20_000, sigtermMs: 20_000, sigkillMs: 20_000 };
const hasty: ShutdownWaits = { ...patient, gracefulMs: 200, sigtermMs: 200 };

describe('shutdownVm', () => {
  let folder: TempFolder;
  beforeEach(() => {
    folder = tempFolder();
  });
  afterEach(() => folder.dispose());

  /** A running VM to stop, with its control socket free. */
  async function started(behaviour: Behaviour = {}): Promise<ShutdownTarget> {
    const qemu: RunningQemu = await startFake(folder.path, { behaviour });
    qemu.qmp.close();
    return { vm: 'web', process: qemu.process, qmpSocket: join(folder.path, 'web.qmp') };
  }

  /** What is told, in short, and how it ends. */
  async function stop(target: ShutdownTarget, waits: ShutdownWaits) {
    const events: Event[] = [];
    const { outcome, totalMs } = await shutdownVm(target, waits, (event) => events.push(event));
    assert.ok(!isSameProcess(target.process));
    assert.ok(Number.isInteger(totalMs) && totalMs >= 0 && totalMs < 60_000);
    return {
      outcome,
      events: events.map(brief),
      details: events.map((event) => ('detail' in event ? event.detail : '')),
    };
  }

  function brief(event: Event): string {
    const name = event.type.replace('shutdown.', '');
    if (event.type === 'shutdown.cooperative-attempted') return `${name} ${event.method} ${event.timeoutMs}`;
    if (event.type === 'shutdown.cooperative-timed-out') return `${name} ${event.reason}`;
    return event.type === 'shutdown.escalated' ? `${name} ${event.signal} ${event.timeoutMs}` : name;
  }

  const attempted = ({ gracefulMs }: ShutdownWaits) => ['requested', `cooperative-attempted acpi ${gracefulMs}`];

  test('is graceful when the guest powers itself off', async () => {
    const { outcome, events } = await stop(await started(), patient);
    assert.equal(outcome, 'graceful');
    assert.deepEqual(events, [...attempted(patient), 'cooperative-succeeded']);
  });

  test('presses the power button again until the guest reacts', async () => {
    const { outcome, events } = await stop(await started({ powerdownAfterPresses: 2 }), patient);
    assert.equal(outcome, 'graceful');
    assert.deepEqual(events, [...attempted(patient), 'cooperative-succeeded']);
  });

  test('reaches a guest that is still booting when the button is first pressed', async () => {
    assert.equal((await stop(await started({ bootDelayMs: 500 }), patient)).outcome, 'graceful');
  });

  test('resumes a paused guest, which could not see the button', async () => {
    const target = await started();
    const client = await QmpClient.connect(join(folder.path, 'web.monitor'));
    await client.execute('stop');
    client.close();
    assert.equal((await stop(target, patient)).outcome, 'graceful');
  });

  test('sends SIGTERM when the guest ignores the button', async () => {
    const { outcome, events } = await stop(await started({ ignorePowerdown: true }), { ...patient, gracefulMs: 100 });
    assert.equal(outcome, 'forced');
    assert.deepEqual(events, [
      ...attempted({ ...patient, gracefulMs: 100 }),
      'cooperative-timed-out timeout-expired',
      'escalated SIGTERM 20000',
    ]);
  });

  test('presses once even without any time to wait', async () => {
    const waits = { ...patient, gracefulMs: 0 };
    const { events } = await stop(await started({ ignorePowerdown: true }), waits);
    assert.deepEqual(events.slice(0, 3), [...attempted(waits), 'cooperative-timed-out timeout-expired']);
  });

  test('sends SIGKILL when QEMU ignores SIGTERM', async () => {
    const { outcome, events } = await stop(await started({ ignorePowerdown: true, ignoreSigterm: true }), hasty);
    assert.equal(outcome, 'forced');
    assert.deepEqual(events, [
      ...attempted(hasty),
      'cooperative-timed-out timeout-expired',
      'escalated SIGTERM 200',
      'escalated SIGKILL 20000',
    ]);
  });

  test('goes on to SIGTERM when the control socket is gone', async () => {
    const target = { ...(await started()), qmpSocket: join(folder.path, 'none.qmp') };
    const { outcome, events, details } = await stop(target, patient);
    assert.equal(outcome, 'forced');
    assert.deepEqual(events, [
      ...attempted(patient),
      'cooperative-timed-out channel-unavailable',
      'escalated SIGTERM 20000',
    ]);
    assert.match(details[2] ?? '', /ENOENT/);
  });

  test('attempts no cooperation when the launch record is lost', async () => {
    const { process } = await started();
    const { outcome, events } = await stop({ vm: 'web', process }, patient);
    assert.equal(outcome, 'forced');
    assert.deepEqual(events.slice(0, 3), [
      'requested',
      'cooperative-attempted unavailable 0',
      'cooperative-timed-out channel-unavailable',
    ]);
  });

  test('does not wait for a guest that QEMU stopped for a fault', async () => {
    const { outcome, events, details } = await stop(await started({ status: 'internal-error' }), patient);
    assert.equal(outcome, 'forced');
    assert.equal(events[2], 'cooperative-timed-out channel-unavailable');
    assert.match(details[2] ?? '', /internal-error.*accelerator = "tcg"/);
  });

  test('reports a channel error when somebody else holds the control socket', async () => {
    const target = await started();
    const other = await QmpClient.connect(join(folder.path, 'web.qmp'));
    const { outcome, events } = await stop(target, patient);
    other.close();
    assert.equal(outcome, 'forced');
    assert.equal(events[2], 'cooperative-timed-out channel-error');
  });

  test('is done at once when QEMU dies in the middle', async () => {
    const { outcome, events } = await stop(await started({ dieDuringShutdown: true }), patient);
    assert.equal(outcome, 'graceful');
    assert.deepEqual(events, [...attempted(patient), 'cooperative-succeeded']);
  });

  test('is graceful, and signals nobody, when the process is gone already', async () => {
    const { process: identity } = await started();
    process.kill(identity.pid, 'SIGKILL');
    await waitForExit(identity, 20_000);
    const { outcome, events } = await stop({ vm: 'web', process: identity }, patient);
    assert.equal(outcome, 'graceful');
    assert.ok(!events.some((event) => event.startsWith('escalated')));
  });

  test('never signals another process that was given the pid', async () => {
    const bystander = spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(bystander, 'spawn');
    const pid = bystander.pid ?? -1;
    const { outcome } = await stop({ vm: 'web', process: { pid, startToken: 'of a QEMU that is gone' } }, patient);
    assert.equal(outcome, 'graceful');
    assert.equal(signalProcess({ pid, startToken: 'of a QEMU that is gone' }, 'SIGKILL'), false);
    assert.equal(bystander.exitCode, null);
    assert.equal(bystander.signalCode, null);
    assert.ok(identify(pid));
    bystander.kill('SIGKILL');
    await once(bystander, 'exit');
  });

  test('fails as shutdown-failed when it may not signal QEMU', async () => {
    const target = await started({ ignorePowerdown: true });
    const kill = mock.method(process, 'kill', () => {
      throw Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
    });
    try {
      await assert.rejects(shutdownVm(target, hasty, silent), (error) => {
        assert.ok(error instanceof CastraError && error.failure.kind === 'shutdown-failed');
        assert.match(error.failure.detail, /SIGTERM: kill EPERM/);
        return true;
      });
    } finally {
      kill.mock.restore();
    }
  });

  test('fails as shutdown-failed when even SIGKILL does not help', async () => {
    const target = await started({ ignorePowerdown: true });
    const kill = mock.method(process, 'kill', () => true);
    try {
      const waits = { gracefulMs: 50, sigtermMs: 50, sigkillMs: 50 };
      await assert.rejects(shutdownVm(target, waits, silent), /is still there 50 ms after SIGKILL/);
    } finally {
      kill.mock.restore();
    }
  });
});

test('a zombie counts as gone', { skip: process.platform === 'linux' ? false : 'needs /proc' }, async () => {
  // The shell becomes a `sleep` that never waits for its child.
  const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = await once(parent.stdout.setEncoding('utf8'), 'data');
  const child = identify(Number(line));
  assert.ok(child);
  assert.ok(await waitForExit(child, 20_000));
  assert.doesNotThrow(() => process.kill(child.pid, 0), 'its entry in the process table is still there');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
});
