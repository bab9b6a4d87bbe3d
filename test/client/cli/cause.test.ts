import assert from 'node:assert/strict';
import { test } from 'node:test';
import { causeOf, helpOf, isForceable } from '../../../client/cli/cause.ts';

const launch = { kind: 'launch-failed', vm: 'a', detail: '', qemuOutput: ['no'], serialTail: [], logPath: '' } as const;
const problem = { severity: 'error', code: 'host/memory', message: 'Too little.', help: 'Or pass --force.' } as const;

test('a QEMU that never ran has its cause in its own log, a guest that ended while it booted on its console', () => {
  assert.deepEqual(causeOf({ kind: 'up-failed', vms: [{ vm: 'a', result: 'failed', failure: launch }] }), {
    kind: 'qemu-log',
    vm: 'a',
  });
  assert.deepEqual(causeOf({ ...launch, serialTail: ['Kernel panic'] }), { kind: 'serial-log', vm: 'a' });
  assert.deepEqual(causeOf({ kind: 'unknown-vm', names: ['x'], known: [] }), { kind: 'config' });
  assert.deepEqual(causeOf(undefined), { kind: 'other' });
});

test('a start is offered anyway only where nothing but size is in the way, and the help is shown', () => {
  assert.equal(isForceable({ kind: 'preflight-failed', problems: [problem] }), true);
  const port = { severity: 'error', code: 'host/port-taken', message: 'It is taken.' } as const;
  assert.equal(isForceable({ kind: 'preflight-failed', problems: [problem, port] }), false);
  assert.deepEqual(helpOf({ kind: 'preflight-failed', problems: [problem] }), ['Or choose “Start Anyway”.']);
  assert.deepEqual(helpOf(launch), []);
});
