import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Phase, ReadySignal } from '../../../../runtime/contract/vocabulary.ts';
import { readBanner } from '../../../../runtime/vm/boot/loginProbe.ts';
import {
  BootEvents,
  type Readiness,
  type ReadinessRequest,
  waitUntilReady,
} from '../../../../runtime/vm/boot/readiness.ts';
import { claimPorts } from '../../../../runtime/vm/host/ports.ts';
import { type Behaviour, startFake } from '../../../support/fakeVm.ts';
import { type TempFolder, tempFolder } from '../../../support/tempProject.ts';

interface Watched {
  readonly end: Readiness;
  readonly phases: readonly Phase[];
}

const ssh: ReadySignal = { kind: 'banner' };
const KERNEL = '[    0.000000] Linux version 6.6.1\r\n';

describe('waitUntilReady', () => {
  let folder: TempFolder;
  beforeEach(() => {
    folder = tempFolder();
  });
  afterEach(() => folder.dispose());

  async function watch(
    ready: ReadySignal,
    behaviour: Behaviour,
    changes: Partial<ReadinessRequest> & { readonly serialLater?: string } = {},
  ): Promise<Watched> {
    const [claim] = await claimPorts([{ vm: 'web', bind: '127.0.0.1', host: 0, guest: 22, protocol: 'tcp' }]);
    assert.ok(claim);
    const events = new BootEvents();
    const phases: Phase[] = [];
    const qemu = await startFake(folder.path, { behaviour, forwards: [claim.forward], onEvent: events.record });
    const serialLog = join(folder.path, 'logs/web-serial.log');
    if (changes.serialLater !== undefined) appendFileSync(serialLog, changes.serialLater);
    const request: ReadinessRequest = {
      qemu,
      serialLog,
      ready,
      sshPort: claim.forward.host,
      logIn: readBanner,
      timeoutMs: 20_000,
      signal: new AbortController().signal,
      onPhase: (phase) => phases.push(phase),
      ...changes,
    };
    const end = await waitUntilReady(request, events);
    qemu.qmp.close();
    return { end, phases };
  }

  function notReady({ end }: Watched): Extract<Readiness, { kind: 'not-ready' }> {
    assert.equal(end.kind, 'not-ready', JSON.stringify(end));
    return end;
  }

  test('is ready with the SSH banner as its evidence', async () => {
    const { end, phases } = await watch(ssh, {});
    assert.deepEqual(end, { kind: 'ready', evidence: 'SSH-2.0-fake' });
    assert.equal(phases[0], 'firmware');
  });

  test('does not take an accepted connection for an SSH server: QEMU accepts before the guest is up', async () => {
    const { end, phases } = await watch(ssh, { bootDelayMs: 700, serial: KERNEL });
    assert.deepEqual(end, { kind: 'ready', evidence: 'SSH-2.0-fake' });
    assert.ok(phases.includes('firmware') && !phases.includes('ready'));
  });

  test('reports each phase once and in order', async () => {
    const { phases } = await watch(ssh, { bootDelayMs: 300, serial: KERNEL, noBanner: true }, { timeoutMs: 1500 });
    assert.deepEqual(phases, ['firmware', 'kernel', 'network']);
  });

  test('is ready when the serial console matches', async () => {
    const ready: ReadySignal = { kind: 'serial', pattern: '^app (up|running)$' };
    const { end } = await watch(ready, { bootDelayMs: 100, serial: `${KERNEL}app running\r\nmore\r\n` });
    assert.deepEqual(end, { kind: 'ready', evidence: 'serial: app running' });
  });

  test('finds the matching line in a flood of output', async () => {
    const serialLater = `app running\r\n${'x'.repeat(60_000)}\r\n`;
    const { end } = await watch({ kind: 'serial', pattern: '^app running$' }, {}, { serialLater });
    assert.equal(end.kind, 'ready');
  });

  test('is ready at once when there is nothing to wait for', async () => {
    const { end } = await watch({ kind: 'none' }, { bootDelayMs: 60_000 });
    assert.equal(end.kind, 'ready');
  });

  test('a kernel panic is final: the rest of the time is not waited', async () => {
    const serial = `${KERNEL}[    1.0] Kernel panic - not syncing: VFS: no root\r\n`;
    const started = performance.now();
    const { detail, serialTail, phase } = notReady(await watch(ssh, { serial, deaf: true }, { timeoutMs: 120_000 }));
    assert.ok(performance.now() - started < 60_000);
    assert.match(detail, /^the guest's kernel panicked \(VFS: no root\)\.$/);
    assert.equal(phase, 'kernel');
    assert.match(serialTail.at(-1) ?? '', /Kernel panic/);
  });

  test('a timeout says what was awaited, how long, and the last thing that was proven', async () => {
    const serial = `${KERNEL}starting things\r\n`;
    const { detail, serialTail } = notReady(
      await watch(ssh, { bootDelayMs: 300, serial, noBanner: true }, { timeoutMs: 1500 }),
    );
    assert.match(detail, /^no SSH banner within 1\.5 s: the guest has set up its network card, but no SSH server/);
    assert.deepEqual(serialTail, ['[    0.000000] Linux version 6.6.1', 'starting things']);
  });

  test('a timeout of a guest that shows nothing says so', async () => {
    const ready: ReadySignal = { kind: 'serial', pattern: 'up' };
    const { detail, phase } = notReady(await watch(ready, { bootDelayMs: 60_000 }, { timeoutMs: 200 }));
    assert.match(detail, /^no line matching \/up\/ on the serial console within 0\.2 s: the serial console is empty/);
    assert.equal(phase, 'firmware');
  });

  test('a login prompt explains a missing SSH server', async () => {
    const { detail } = notReady(await watch(ssh, { serial: 'alpine login: ', noBanner: true }, { timeoutMs: 300 }));
    assert.match(detail, /the serial console shows a login prompt/);
  });

  test('a port that nobody forwards is no evidence of a network', async () => {
    const [claim] = await claimPorts([{ vm: 'x', bind: '127.0.0.1', host: 0, guest: 22, protocol: 'tcp' }]);
    const sshPort = claim?.forward.host ?? 0;
    const { phase } = notReady(await watch(ssh, { bootDelayMs: 60_000 }, { timeoutMs: 500, sshPort }));
    assert.equal(phase, 'firmware');
  });

  test('a fault that stopped the machine ends the wait', async () => {
    const started = performance.now();
    const behaviour = { stopEventAfterMs: 100, status: 'internal-error', bootDelayMs: 60_000 };
    const { detail } = notReady(await watch(ssh, behaviour, { timeoutMs: 120_000 }));
    assert.match(detail, /the accelerator failed inside QEMU/);
    assert.ok(performance.now() - started < 60_000);
  });

  test('a machine that somebody paused does not hold up the timeout', async () => {
    const behaviour = { stopEventAfterMs: 50, bootDelayMs: 60_000 };
    const { detail } = notReady(await watch(ssh, behaviour, { timeoutMs: 500 }));
    assert.match(detail, /^no SSH banner within 0\.5 s/);
  });

  test('the end of QEMU ends the wait, with the last serial lines', async () => {
    const { end } = await watch(ssh, { exitAfterMs: 200, noBanner: true, serial: `${KERNEL}reboot: Power down\r\n` });
    assert.equal(end.kind, 'exited');
    assert.equal(end.detail, 'QEMU ended with code 0');
    assert.equal(end.serialTail.at(-1), 'reboot: Power down');
  });

  test('can be cancelled, and tells of no phase afterwards', async () => {
    const { end, phases } = await watch(
      ssh,
      { noBanner: true, bootDelayMs: 300 },
      { signal: AbortSignal.timeout(100) },
    );
    assert.deepEqual(end, { kind: 'cancelled' });
    const told = phases.length;
    await delay(800);
    assert.equal(phases.length, told);
  });
});
