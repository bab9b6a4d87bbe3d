import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { findExecutable } from '../../../../runtime/process/spawn.ts';
import { classifyRunState } from '../../../../runtime/vm/boot/runState.ts';
import {
  hasVirtualizationFlag,
  openQemuHost,
  platformAccelerator,
  selectAccelerator,
} from '../../../../runtime/vm/host/accelerator.ts';
import { readDescriptor } from '../../../../runtime/vm/host/firmware.ts';
import { armProgram, bootSector, probeAccelerator, probeArguments } from '../../../../runtime/vm/host/probe.ts';
import { describeBuild, type QemuPrograms } from '../../../../runtime/vm/host/qemu.ts';
import { FAKE_QEMU } from '../../../support/fakeVm.ts';
import { type TempFolder, tempFolder } from '../../../support/tempProject.ts';

const SYSTEM = findExecutable('qemu-system-x86_64');

describe('the probe of an accelerator', () => {
  test('runs a boot sector on x86_64, and takes the exit code of the guest for its answer', () => {
    const args = probeArguments('x86_64', 'kvm', '/tmp/program').join(' ');
    assert.match(args, /-accel kvm .*-cpu host .*file=\/tmp\/program,format=raw.* isa-debug-exit/);
    const sector = bootSector();
    assert.equal(sector.length, 512);
    assert.equal(sector.readUInt16LE(510), 0xaa55);
  });

  test('loads a program that powers off on aarch64', () => {
    const args = probeArguments('aarch64', 'tcg', '/tmp/program').join(' ');
    assert.match(args, /-machine virt .*-cpu max .*loader,file=\/tmp\/program,addr=0x40200000/);
    assert.equal(armProgram().length, 16);
  });

  test('escapes commas in the path of its program', () => {
    for (const architecture of ['x86_64', 'aarch64'] as const) {
      assert.ok(probeArguments(architecture, 'tcg', '/a,b').some((argument) => argument.includes('file=/a,,b,')));
    }
  });

  test('finds that TCG of the real QEMU works', { skip: SYSTEM ? false : 'no qemu-system-x86_64' }, async () => {
    const details: string[] = [];
    // The budget is short on purpose, and this machine may be busy.
    for (let attempt = 0; attempt < 10; attempt++) {
      const result = await probeAccelerator(SYSTEM ?? '', 'x86_64', 'tcg');
      if (result.works) return;
      details.push(result.detail);
    }
    assert.fail(details.join('\n'));
  });

  test('says what QEMU says when it does not', { skip: SYSTEM ? false : 'no qemu-system-x86_64' }, async () => {
    const result = await probeAccelerator(SYSTEM ?? '', 'x86_64', 'hvf');
    assert.equal(result.works, false);
    assert.match(result.detail, /hvf|did not finish/);
  });

  test('does not let a QEMU that hangs hold it up', async () => {
    process.env.FAKE_QEMU = JSON.stringify({ '*': { hang: true } });
    const result = await probeAccelerator(FAKE_QEMU, 'x86_64', 'tcg');
    assert.equal(result.works, false);
    assert.match(result.detail, /did not finish within 400 ms/);
  });
});

describe('the accelerator', () => {
  let folder: TempFolder;
  let programs: QemuPrograms;
  beforeEach(() => {
    folder = tempFolder();
    programs = { system: FAKE_QEMU, image: 'qemu-img', architecture: 'x86_64' };
    process.env.FAKE_QEMU = JSON.stringify({ '*': { exitAtStart: { code: 1, stderr: 'no such accelerator\n' } } });
  });
  afterEach(() => folder.dispose());

  test('that was chosen is taken as it is', async () => {
    const host = await openQemuHost(programs, join(folder.path, 'cache/qemu.json'));
    assert.deepEqual(await selectAccelerator('whpx', host), { accelerator: 'whpx', reason: 'configured' });
  });

  test('is tcg, with the reason, where no other works', async () => {
    const host = await openQemuHost(programs, join(folder.path, 'cache/qemu.json'));
    const { accelerator, reason } = await selectAccelerator('auto', host);
    assert.equal(accelerator, 'tcg');
    assert.ok(reason.length > 10);
  });

  test('is probed once; the answer is kept, and a broken cache is asked again', async () => {
    const cache = join(folder.path, 'cache/qemu.json');
    const first = await (await openQemuHost(programs, cache)).probe('kvm');
    assert.equal(first.works, false);
    assert.deepEqual(await (await openQemuHost(programs, cache)).probe('kvm'), first);
    for (const text of ['{"stamp":', 'null', '[]', '{"stamp": 1, "probes": null}']) {
      writeFileSync(cache, text);
      assert.equal((await openQemuHost(programs, cache)).build.version, '7.2.22');
    }
  });

  test('is still found out when the cache cannot be written', async () => {
    mkdirSync(join(folder.path, 'file'));
    writeFileSync(join(folder.path, 'file/cache'), '');
    const host = await openQemuHost(programs, join(folder.path, 'file/cache/qemu.json'));
    assert.equal(host.build.sandbox, true);
  });

  test('of each platform is its own', () => {
    assert.deepEqual((['linux', 'darwin', 'win32', 'aix'] as const).map(platformAccelerator), [
      'kvm',
      'hvf',
      'whpx',
      undefined,
    ]);
  });

  test('kvm needs a processor with vmx or svm', () => {
    assert.ok(hasVirtualizationFlag('processor : 0\nflags\t\t: fpu vmx sse\n'));
    assert.ok(hasVirtualizationFlag('flags : svm'));
    assert.ok(!hasVirtualizationFlag('flags\t: fpu sse\nvmx flags : vnmi\n'));
    assert.ok(!hasVirtualizationFlag(''));
  });
});

test('the fake QEMU describes its build in the words of the real one', {
  skip: SYSTEM ? false : 'no QEMU',
}, async () => {
  const [fake, real] = await Promise.all([describeBuild(FAKE_QEMU), describeBuild(SYSTEM ?? '')]);
  assert.deepEqual(fake.accelerators, ['tcg', 'kvm']);
  assert.ok(real.accelerators.includes('tcg'));
  assert.match(real.version, /^\d+\.\d+/);
  assert.match(fake.version, /^\d+\.\d+/);
});

describe('a firmware descriptor', () => {
  const good = {
    'interface-types': ['uefi'],
    mapping: { device: 'flash', executable: { filename: '/code' }, 'nvram-template': { filename: '/vars' } },
    targets: [{ architecture: 'x86_64' }],
    features: ['acpi-s3'],
  };

  test('of a flash-mapped UEFI is taken', () => {
    assert.deepEqual(readDescriptor(good, 'x86_64'), { code: '/code', varsTemplate: '/vars' });
  });

  test('of another architecture, of Secure Boot or of another shape is passed over', () => {
    assert.equal(readDescriptor(good, 'aarch64'), undefined);
    assert.equal(readDescriptor({ ...good, features: ['requires-smm'] }, 'x86_64'), undefined);
    assert.equal(readDescriptor({ ...good, features: ['enrolled-keys'] }, 'x86_64'), undefined);
    assert.equal(readDescriptor({ ...good, 'interface-types': ['bios'] }, 'x86_64'), undefined);
    for (const value of [undefined, null, 1, 'x', [], {}]) assert.equal(readDescriptor(value, 'x86_64'), undefined);
  });
});

test("QEMU's run states are told apart as far as they differ for a user", () => {
  assert.deepEqual(classifyRunState('running'), { kind: 'running' });
  assert.deepEqual(classifyRunState('paused'), {
    kind: 'paused',
    reason: 'it was paused over QMP (status paused)',
    wake: 'cont',
  });
  assert.deepEqual(classifyRunState('shutdown'), { kind: 'shutting-down' });
  for (const status of ['internal-error', 'io-error', 'guest-panicked', 'watchdog']) {
    assert.equal(classifyRunState(status).kind, 'broken');
  }
});
