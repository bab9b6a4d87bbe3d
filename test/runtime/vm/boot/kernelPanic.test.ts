import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findKernelPanic } from '../../../../runtime/vm/boot/kernelPanic.ts';

const PANIC = `[    1.2] Run /init as init process
[    1.3] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)
[    1.3] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0
[    1.3] Call Trace:
[    1.4] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0) ]---
`;

test('the panic that a console ends with', () => {
  assert.equal(findKernelPanic(PANIC), 'VFS: Unable to mount root fs on unknown-block(0,0)');
  assert.equal(findKernelPanic(PANIC.replaceAll('\n', '\r\n')), 'VFS: Unable to mount root fs on unknown-block(0,0)');
});

test('a guest that went on afterwards did not panic, or has restarted', () => {
  assert.equal(findKernelPanic(`${PANIC}SeaBIOS (version 1.16)\n`), undefined);
  assert.equal(findKernelPanic(`${PANIC}web-0 login: `), undefined);
  assert.equal(findKernelPanic(`${PANIC}[    0.0] Linux version 6.1\nalpine login: `), undefined);
});

test('a log without one, and text that would change a terminal', () => {
  assert.equal(findKernelPanic(''), undefined);
  assert.equal(findKernelPanic('Kernel panic - not syncing: \u001b]52;c;x\u0007boom'), ']52;c;xboom');
});
