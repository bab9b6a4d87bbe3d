import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { createOverlay } from '../../../runtime/disks/overlay.ts';
import { findExecutable } from '../../../runtime/process/spawn.ts';
import { ensureKeyPair } from '../../../runtime/seed/keys.ts';
import type { KeyPair } from '../../../runtime/seed/openssh.ts';
import { type SeedPlan, writeSeed } from '../../../runtime/seed/seed.ts';
import { projectFiles, vmFiles, vmSockets } from '../../../runtime/state/layout.ts';
import { qemuArguments } from '../../../runtime/vm/args.ts';
import { readBanner } from '../../../runtime/vm/boot/loginProbe.ts';
import { BootEvents, waitUntilReady } from '../../../runtime/vm/boot/readiness.ts';
import { claimPorts } from '../../../runtime/vm/host/ports.ts';
import { launchVm } from '../../../runtime/vm/launch.ts';
import { shutdownVm } from '../../../runtime/vm/shutdown.ts';
import { tempFolder } from '../../support/tempProject.ts';

const VM = 'seeded';
const BOOT_MS = 60_000;
const QEMU = findExecutable('qemu-system-x86_64') ?? '';

/** Set by scripts/test.mjs, which builds the guest. */
const image = process.env.CASTRA_TEST_GUEST ?? '';
const missing = QEMU === '' ? 'no qemu-system-x86_64' : existsSync(image) ? undefined : 'no test guest';

interface Machine {
  readonly root: string;
  readonly identity: KeyPair;
  readonly hostKey: KeyPair;
}

interface Booted {
  /** What a command in the guest prints. Strict about the host key. */
  run(user: string, command: string): Promise<string>;
  /** What ssh says when the guest is expected to have another host key. */
  runExpecting(hostKey: string): Promise<string>;
}

/** A VM with an overlay of its own and its keys; whatever runs in its folder ends with the test. */
async function withMachine(t: TestContext, body: (machine: Machine) => Promise<void>): Promise<void> {
  if (missing !== undefined) return t.skip(missing);
  const folder = tempFolder();
  try {
    const { path: root } = folder;
    const identity = ensureKeyPair(projectFiles(root).identity, 'castra test');
    const hostKey = ensureKeyPair(vmFiles(root, VM).hostKey, VM);
    const { signal } = new AbortController();
    const overlayPath = join(projectFiles(root).overlays, `${VM}.qcow2`);
    await createOverlay({ vm: VM, qemuImg: 'qemu-img', overlayPath, baseImage: image, signal });
    await body({ root, identity, hostKey });
  } finally {
    await folder.dispose();
  }
}

type SeedChoice = Pick<SeedPlan, 'instanceId' | 'sshUser' | 'isDefaultAlpine' | 'userData'>;

/** One boot of the machine with a new seed, from the start of QEMU to the guest's power-off. */
async function boot(machine: Machine, choice: SeedChoice, body: (guest: Booted) => Promise<void>): Promise<void> {
  const { root, identity, hostKey } = machine;
  const files = vmFiles(root, VM);
  writeSeed({ path: files.seed, vm: VM, identity, hostKey, ...choice });
  assert.equal(statSync(files.seed).mode & 0o777, 0o600);
  const claims = await claimPorts([{ vm: VM, bind: '127.0.0.1', host: 0, guest: 22, protocol: 'tcp' }]);
  const forwards = claims.map(({ forward }) => forward);
  const sshPort = forwards[0]?.host ?? 0;
  const sockets = vmSockets(root, VM);
  const args = qemuArguments({
    ...{ vm: VM, uuid: randomUUID(), architecture: 'x86_64', accelerator: 'tcg', cpus: 1, memoryMiB: 256 },
    ...{ overlayPath: join(projectFiles(root).overlays, `${VM}.qcow2`), seed: files.seed },
    ...{ files, sockets, forwards, bus: false, sandbox: false, extraArgs: [] },
  });
  const events = new BootEvents();
  const { signal } = new AbortController();
  const qemu = await launchVm({
    ...{ vm: VM, binary: QEMU, args, files, sockets, signal },
    ...{ logs: { maxBytes: 1024 * 1024, keep: 2 }, onWarning: () => undefined },
    ...{ onEvent: events.record, onStarted: () => undefined },
  });
  try {
    const ready = { kind: 'serial', pattern: 'castra-guest: READY' } as const;
    const wait = { qemu, serialLog: files.serialLog, ready, sshPort, logIn: readBanner, timeoutMs: BOOT_MS, signal };
    const readiness = await waitUntilReady({ ...wait, onPhase: () => undefined }, events);
    assert.equal(readiness.kind, 'ready', JSON.stringify(readiness));
    await body(sshTo(machine, sshPort));
  } finally {
    qemu.qmp.close();
    const waits = { gracefulMs: 30_000, sigtermMs: 10_000, sigkillMs: 10_000 };
    await shutdownVm({ vm: VM, process: qemu.process, qmpSocket: sockets.qmp }, waits, () => undefined);
  }
}

function sshTo({ root, hostKey }: Machine, port: number): Booted {
  const ssh = (expected: string, user: string, command: string) => {
    const knownHosts = join(root, 'known_hosts');
    writeFileSync(knownHosts, `[127.0.0.1]:${port} ${expected}\n`);
    const settings = {
      BatchMode: 'yes',
      StrictHostKeyChecking: 'yes',
      UserKnownHostsFile: knownHosts,
      GlobalKnownHostsFile: 'none',
      HostKeyAlgorithms: 'ssh-ed25519',
      IdentitiesOnly: 'yes',
      IdentityFile: projectFiles(root).identity,
      IdentityAgent: 'none',
      ConnectTimeout: '30',
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    return promisify(execFile)('ssh', ['-F', 'none', ...options, '-p', String(port), `${user}@127.0.0.1`, command]);
  };
  return {
    run: async (user, command) => (await ssh(hostKey.publicKey, user, command)).stdout.trim(),
    runExpecting: (expected) =>
      ssh(expected, 'root', 'true').then(
        () => 'connected',
        (error: { stderr?: string }) => error.stderr ?? String(error),
      ),
  };
}

const inline = (text: string) => ({ kind: 'inline', text }) as const;

describe('a real guest with a seed disk', { concurrency: 2 }, () => {
  test('has the pinned host key, its name and the key for root, and applies a seed of a new instance again', (t) =>
    withMachine(t, async (machine) => {
      const config = { runcmd: ['echo "it\'s größe" >>/root/ran', ['touch', '/root/a b']] };
      const first = inline(`#cloud-config\n${JSON.stringify(config)}\n`);
      await boot(
        machine,
        { instanceId: 'i-1', sshUser: 'root', isDefaultAlpine: false, userData: first },
        async (guest) => {
          assert.equal(await guest.run('root', 'hostname'), VM);
          assert.equal(await guest.run('root', 'cat /root/ran; ls "/root/a b"'), "it's größe\n/root/a b");
          assert.equal(await guest.run('root', 'ls /sys/block | grep vd; cat /sys/block/vdb/ro'), 'vda\nvdb\n1');
          assert.match(await guest.run('root', 'grep " / " /proc/mounts'), /^\/dev\/vda\d /m);
          assert.match(await guest.runExpecting(machine.identity.publicKey), /Host key verification failed/);
        },
      );

      const second = inline('#!/bin/sh\necho again >>/root/ran\n');
      await boot(
        machine,
        { instanceId: 'i-2', sshUser: 'dev', isDefaultAlpine: false, userData: second },
        async (guest) => {
          assert.equal(await guest.run('dev', 'id -un; cd; pwd'), 'dev\n/home/dev');
          assert.equal(await guest.run('root', 'cat /root/ran'), "it's größe\nagain");
        },
      );

      const third = inline('#!/bin/sh\necho never >>/root/ran\n');
      await boot(
        machine,
        { instanceId: 'i-2', sshUser: 'dev', isDefaultAlpine: false, userData: third },
        async (guest) => {
          assert.equal(await guest.run('root', 'cat /root/ran'), "it's größe\nagain");
        },
      );
    }));

  test("lets the image's own user in and runs a script from a file", (t) =>
    withMachine(t, async (machine) => {
      const path = join(machine.root, 'größe.sh');
      writeFileSync(path, '#!/bin/sh\nprintf "%s" "größe" >/home/alpine/ran');
      const choice = { instanceId: 'i-1', sshUser: 'alpine', isDefaultAlpine: true } as const;
      await boot(machine, { ...choice, userData: { kind: 'file', path } }, async (guest) => {
        assert.equal(await guest.run('alpine', 'hostname; id -un; cat ran'), `${VM}\nalpine\ngröße`);
      });
    }));
});
