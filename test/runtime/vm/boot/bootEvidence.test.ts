import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type BootEvidence,
  explain,
  lastLines,
  noEvidence,
  type Observation,
  observe,
} from '../../../../runtime/vm/boot/bootEvidence.ts';

const after = (...observations: Observation[]): BootEvidence => observations.reduce(observe, noEvidence);
const serial = (text: string): Observation => ({ kind: 'serial', text });
const running: Observation = { kind: 'machine-running' };
const card: Observation = { kind: 'network-card' };

describe('a boot advances by evidence', () => {
  test('from QEMU to firmware when the processors run', () => {
    assert.equal(noEvidence.phase, 'qemu');
    assert.equal(after(running).phase, 'firmware');
  });

  for (const line of [
    'Linux version 6.6.1 (gcc)',
    '[    0.000000] Booting',
    'Starting kernel ...',
    'Decompressing Linux... done',
    'OpenRC 0.54 is starting up',
    'systemd[1]: Hello',
    'alpine login: ',
  ]) {
    test(`to kernel when the console says "${line.trim()}"`, () => {
      assert.equal(after(running, serial(`SeaBIOS\r\n${line}`)).phase, 'kernel');
    });
  }

  test('to network when the driver sets up the card, or the guest refuses a connection', () => {
    assert.equal(after(running, card).phase, 'network');
    assert.equal(after(running, { kind: 'connection-refused' }).phase, 'network');
  });

  test('and never goes back', () => {
    assert.equal(after(card, running, serial('Linux version 6')).phase, 'network');
  });

  test('not to kernel for firmware output', () => {
    assert.equal(
      after(running, serial('SeaBIOS (version 1.16)\r\niPXE\r\nBooting from Hard Disk...\r\n')).phase,
      'firmware',
    );
  });

  test('also when a line comes in pieces', () => {
    assert.equal(after(running, serial('Linux ver'), serial('sion 6.6')).phase, 'kernel');
  });
});

describe('a stop is recognised by what stands on the console', () => {
  const finals: Readonly<Record<string, RegExp>> = {
    '[ 1.0] Kernel panic - not syncing: VFS: Unable to mount root fs\r\n': /panicked \(VFS: Unable to mount root fs\)/,
    'Kernel panic - not syncing\r\n': /no reason given/,
    'grub rescue> ': /"grub rescue>" prompt/,
    'grub> ': /"grub>" prompt/,
    '(initramfs) ': /no root filesystem/,
    'No bootable device.\r\n': /nothing to boot/,
    'Shell> ': /nothing to boot/,
    'BdsDxe: No bootable option or device was found.': /nothing to boot/,
    'You are in emergency mode.': /emergency shell/,
  };
  for (const [text, explanation] of Object.entries(finals)) {
    test(`"${text.trim()}" is final`, () => {
      const { stop } = after(running, serial(text));
      assert.equal(stop?.final, true);
      assert.match(stop?.explanation ?? '', explanation);
    });
  }

  test('a login prompt is a sign, not an end', () => {
    assert.equal(after(serial('alpine login: ')).stop?.final, false);
  });

  test('a prompt that output followed is no stop any more', () => {
    assert.equal(after(serial('grub> '), serial('boot\r\nLoading Linux\r\n')).stop, undefined);
  });

  test('control sequences do not hide it', () => {
    assert.equal(after(serial('\u001b[1;31mgrub>\u001b[0m ')).stop?.final, true);
  });
});

describe('what is kept of the console', () => {
  test('is without control sequences and carriage returns', () => {
    assert.equal(after(serial('\u001b[2J\u001b[1mhello\u001b[0m\r\nworld')).serial, 'hello\nworld');
  });

  test('is bounded, but holds a whole read of the serial log', () => {
    const flood = `READY\n${'x'.repeat(64 * 1024 - 6)}`;
    assert.match(after(serial(flood)).serial, /^READY/);
    assert.ok(after(...Array.from({ length: 20 }, () => serial(flood))).serial.length <= 128 * 1024);
  });
});

describe('explain', () => {
  test('says the recognised stop first', () => {
    assert.match(explain(after(card, serial('grub rescue> '))), /grub rescue/);
  });

  test('else the last thing that was proven', () => {
    assert.match(explain(noEvidence), /has not started the guest/);
    assert.match(explain(after(running)), /the serial console is empty/);
    assert.match(explain(after(running, serial('SeaBIOS\n'))), /no kernel did/);
    assert.match(explain(after(running, serial('Linux version 6\n'))), /network card/);
    assert.match(explain(after(card)), /no SSH server/);
  });
});

test('lastLines gives the last lines that say something', () => {
  assert.deepEqual(lastLines('a\n\nb  \n   \nc\n', 2), ['b', 'c']);
});
