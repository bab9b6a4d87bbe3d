import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Event } from '../../../runtime/contract/events.ts';
import { createOverlay, discardOverlay } from '../../../runtime/disks/overlay.ts';
import { findExecutable } from '../../../runtime/process/spawn.ts';
import { vmFiles, vmSockets } from '../../../runtime/state/layout.ts';
import { inspectVm } from '../../../runtime/state/liveness.ts';
import { qemuArguments } from '../../../runtime/vm/args.ts';
import { readBanner } from '../../../runtime/vm/boot/loginProbe.ts';
import { BootEvents, waitUntilReady } from '../../../runtime/vm/boot/readiness.ts';
import { queryRunState } from '../../../runtime/vm/boot/runState.ts';
import { claimPorts } from '../../../runtime/vm/host/ports.ts';
import { describeBuild } from '../../../runtime/vm/host/qemu.ts';
import { launchVm } from '../../../runtime/vm/launch.ts';
import { shutdownVm } from '../../../runtime/vm/shutdown.ts';
import { findQemus, tempProject } from '../../support/tempProject.ts';

const SYSTEM = findExecutable('qemu-system-x86_64');

describe('with the real QEMU', { skip: SYSTEM ? false : 'no qemu-system-x86_64' }, () => {
  test('a VM with an empty disk and odd paths starts, says why it does not boot, and ends', async () => {
    const project = tempProject('');
    try {
      const root = join(project.path, 'a, b "größe"');
      mkdirSync(root, { mode: 0o700 });
      const binary = SYSTEM ?? '';
      const signal = new AbortController().signal;
      const overlayPath = join(root, 'overlays/web.qcow2');
      await createOverlay({ vm: 'web', qemuImg: 'qemu-img', overlayPath, baseImage: project.baseImage, signal });
      const claims = await claimPorts([
        { vm: 'web', bind: '127.0.0.1', host: 0, guest: 22, protocol: 'tcp' },
        { vm: 'web', bind: '127.0.0.1', host: 0, guest: 53, protocol: 'udp' },
      ]);
      const forwards = claims.map(({ forward }) => forward);
      const files = vmFiles(root, 'web');
      const sockets = vmSockets(root, 'web');
      const { sandbox } = await describeBuild(binary);
      const args = qemuArguments({
        ...{ vm: 'web', uuid: randomUUID(), architecture: 'x86_64', accelerator: 'tcg', cpus: 1, memoryMiB: 64 },
        ...{ overlayPath, files, sockets, forwards, bus: true, sandbox, extraArgs: [] },
      });
      const events = new BootEvents();
      const onStarted = () => undefined;
      const qemu = await launchVm({
        vm: 'web',
        binary,
        args,
        files,
        sockets,
        signal,
        logs: { maxBytes: 1024 * 1024, keep: 2 },
        onWarning: () => undefined,
        onEvent: events.record,
        onStarted,
      });

      assert.deepEqual(inspectVm(root, 'web'), { kind: 'running', process: qemu.process });
      assert.deepEqual(findQemus(project.path), [qemu.process]);
      assert.deepEqual(await queryRunState(sockets.monitor, 5000), { kind: 'running' });
      assert.equal(statSync(files.serialLog).mode & 0o077, 0);
      assert.equal((await discardOverlay('qemu-img', overlayPath)).kind, 'in-use');

      const ready = await waitUntilReady(
        {
          ...{
            qemu,
            serialLog: files.serialLog,
            ready: { kind: 'banner' },
            logIn: readBanner,
            sshPort: forwards[0]?.host ?? 0,
          },
          ...{ timeoutMs: 120_000, signal, onPhase: () => undefined },
        },
        events,
      );
      assert.equal(ready.kind, 'not-ready', JSON.stringify(ready));
      assert.match(ready.detail, /firmware found nothing to boot/, readFileSync(files.serialLog, 'latin1'));
      assert.equal(ready.phase, 'firmware');

      qemu.qmp.close();
      await delay(0);
      const told: Event[] = [];
      const waits = { gracefulMs: 100, sigtermMs: 60_000, sigkillMs: 60_000 };
      const { outcome } = await shutdownVm(
        { vm: 'web', process: qemu.process, qmpSocket: sockets.qmp },
        waits,
        (event) => told.push(event),
      );
      assert.equal(outcome, 'forced');
      assert.deepEqual(
        told.flatMap((event) => (event.type === 'shutdown.escalated' ? [event.signal] : [])),
        ['SIGTERM'],
      );
      assert.ok(!existsSync(files.pidfile), 'QEMU takes its pidfile along');
      assert.deepEqual(inspectVm(root, 'web'), { kind: 'absent' });
      assert.equal((await discardOverlay('qemu-img', overlayPath)).kind, 'discarded');
    } finally {
      await project.dispose();
      assert.ok(!existsSync(project.path));
    }
  });
});
