import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reasonOf } from '../../../client/cli/reason.ts';
import type { SingleFailure } from '../../../runtime/contract/singleFailure.ts';

const launch = (vm: string, ...qemuOutput: string[]): SingleFailure => ({
  kind: 'launch-failed',
  vm,
  detail: 'QEMU ended with code 1',
  qemuOutput,
  serialTail: [],
  logPath: '/srv/web.log',
});

test("the reason of a failed launch is QEMU's last line without its name, or how it ended", () => {
  assert.equal(reasonOf(launch('web-0', 'a', 'qemu-system-x86_64: no memory')), 'web-0 did not start: no memory');
  assert.equal(reasonOf(launch('web-0')), 'web-0 did not start: QEMU ended with code 1');
});

test('a host that is not ready says what is missing, and several failures are counted', () => {
  const problems = [{ severity: 'error', code: 'host/qemu-missing', message: 'QEMU is missing.' }] as const;
  assert.equal(reasonOf({ kind: 'preflight-failed', problems }), 'QEMU is missing.');
  const vms = ['a-0', 'b-0'].map((vm) => ({ vm, result: 'failed', failure: launch(vm) }) as const);
  assert.match(reasonOf({ kind: 'up-failed', vms }), /^a-0 did not start: .*\(and 1 more\)$/);
});
