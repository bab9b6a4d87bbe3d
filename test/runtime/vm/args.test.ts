import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { vmFiles, vmSockets } from '../../../runtime/state/layout.ts';
import { qemuArguments } from '../../../runtime/vm/args.ts';
import { escapeComma } from '../../../runtime/vm/devices/escapeComma.ts';
import { macAddress } from '../../../runtime/vm/devices/network.ts';
import type { LaunchPlan } from '../../../runtime/vm/launchPlan.ts';

const GOLDEN = join(process.cwd(), 'test/runtime/vm/golden');
const UUID = '5f0c0d5e-8f7e-4a39-9f0e-6f2f0c6b1a2d';

function plan(changes: Partial<LaunchPlan> = {}, root = '/state'): LaunchPlan {
  return {
    vm: 'web',
    uuid: UUID,
    architecture: 'x86_64',
    accelerator: 'tcg',
    cpus: 2,
    memoryMiB: 2048,
    overlayPath: `${root}/overlays/web.qcow2`,
    files: vmFiles(root, 'web'),
    sockets: vmSockets(root, 'web', {}),
    forwards: [{ bind: '127.0.0.1', host: 2222, guest: 22, protocol: 'tcp' }],
    bus: true,
    sandbox: true,
    extraArgs: [],
    ...changes,
  };
}

const uefi = { code: '/usr/share/OVMF/OVMF_CODE.fd', vars: '/state/web.vars.fd' };
const arm = { code: '/usr/share/AAVMF/AAVMF_CODE.fd', vars: '/state/web.vars.fd' };

const cases: Readonly<Record<string, LaunchPlan>> = {
  'x86_64-bios-tcg': plan(),
  'x86_64-uefi-kvm': plan({ accelerator: 'kvm', uefi }),
  'aarch64-uefi-tcg': plan({ architecture: 'aarch64', uefi: arm }),
  'aarch64-uefi-hvf': plan({
    architecture: 'aarch64',
    accelerator: 'hvf',
    bus: false,
    sandbox: false,
    uefi: { code: '/opt/homebrew/share/qemu/edk2-aarch64-code.fd', vars: '/state/web.vars.fd' },
  }),
  'odd-paths': plan(
    { uefi: { code: '/firm, ware/code.fd', vars: "/it's, here/web.vars.fd" } },
    '/tmp/a, b/it\'s "quoted"/größe/日本',
  ),
  'many-forwards': plan({
    forwards: [
      { bind: '127.0.0.1', host: 2222, guest: 22, protocol: 'tcp' },
      { bind: '0.0.0.0', host: 8080, guest: 80, protocol: 'tcp' },
      { bind: '192.168.1.10', host: 5353, guest: 53, protocol: 'udp' },
    ],
  }),
  seed: plan({ seed: '/state/web.seed.iso' }),
  'seed-uefi-odd-path': plan({ uefi, seed: '/tmp/a, b/größe.iso' }),
  'no-forwards': plan({ forwards: [] }),
  'extra-arguments': plan({ extraArgs: ['-m', '1G', '-device', 'virtio-gpu-pci'] }),
};

describe('qemuArguments', () => {
  for (const [name, launch] of Object.entries(cases)) {
    test(`gives the command line of golden/${name}.args`, () => {
      const path = join(GOLDEN, `${name}.args`);
      const text = `${qemuArguments(launch).join('\n')}\n`;
      // CASTRA_UPDATE_GOLDEN=1 writes what is given now; the difference is then read in the commit.
      if (process.env.CASTRA_UPDATE_GOLDEN) writeFileSync(path, text);
      assert.equal(text, readFileSync(path, 'utf8'));
    });
  }

  test("puts the user's arguments last, so that they win", () => {
    const extraArgs = ['-m', '1G', '-name', 'other'];
    assert.deepEqual(qemuArguments(plan({ extraArgs })).slice(-4), extraArgs);
  });

  test("leaves boot index 0 to a -kernel of the user's", () => {
    assert.ok(!qemuArguments(plan()).some((argument) => argument.includes('bootindex=0')));
  });

  test('keeps the pidfile path as it is, for it is no list of options', () => {
    const args = qemuArguments(plan({}, '/a,b'));
    assert.equal(args[args.indexOf('-pidfile') + 1], '/a,b/web.pid');
  });

  test('asks for no seccomp sandbox where QEMU was built without', () => {
    assert.ok(!qemuArguments(plan({ sandbox: false })).includes('-sandbox'));
  });

  test("passes the user's `-sandbox` alone: QEMU would take both, and die of the one that denies", () => {
    const args = qemuArguments(plan({ sandbox: true, extraArgs: ['-sandbox', 'off'] }));
    assert.deepEqual(
      args.filter((_, at) => args[at - 1] === '-sandbox'),
      ['off'],
    );
  });
});

test('escapeComma doubles every comma', () => {
  assert.equal(escapeComma('a,b,,c'), 'a,,b,,,,c');
});

test('a VM always has the same network card, and no other VM has it', () => {
  assert.match(macAddress('web'), /^52:54:00(?::[0-9a-f]{2}){3}$/);
  assert.equal(macAddress('web'), macAddress('web'));
  assert.notEqual(macAddress('web'), macAddress('db'));
});
