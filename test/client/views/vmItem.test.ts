import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RowState } from '../../../client/fleet/rowState.ts';
import type { VmView } from '../../../client/fleet/view.ts';
import { coarse, speakPort, vmRow, vmTooltip } from '../../../client/views/vmItem.ts';

const running: VmView = {
  name: 'web-0',
  state: 'running',
  status: {
    name: 'web-0',
    role: 'web',
    state: 'running',
    pid: 7,
    cpus: 2,
    memoryMiB: 2048,
    uptimeMs: 5000,
    forwards: [
      { bind: '127.0.0.1', host: 8080, guest: 80, protocol: 'tcp' },
      { bind: '127.0.0.1', host: 40022, guest: 22, protocol: 'tcp' },
    ],
  },
};

test('a running VM shows its state first and its ports last, SSH left out', () => {
  const row = vmRow('/srv/castra.toml', running);
  assert.equal(row.description, 'running · :8080→80');
  assert.deepEqual([row.icon, row.color, row.contextValue], ['vm-running', 'charts.green', 'vm.running']);
});

test('a stopped one shows its size', () => {
  const { status } = running;
  assert.equal(
    vmRow('p', { ...running, state: 'stopped', ...(status ? { status } : {}) }).description,
    'stopped · 2 CPU · 2 GiB',
  );
});

test('an id has nothing that changes with the state', () => {
  const states: readonly RowState[] = ['stopped', 'starting', 'running', 'failed', 'orphan'];
  const ids = states.map((state) => vmRow('p', { ...running, state, detail: state }).id);
  assert.deepEqual([...new Set(ids)], ['vm:p/web-0']);
});

test('what a screen reader says has the state in words', () => {
  assert.equal(vmRow('p', { name: 'db', state: 'failed', detail: 'no room' }).spoken, 'db, failed, no room');
  const dimmed = vmRow('p', { name: 'db', state: 'stopped', stale: true });
  assert.deepEqual([dimmed.spoken, dimmed.color], ['db, stopped, castra.toml has errors', 'disabledForeground']);
  const forward = { bind: '127.0.0.1', host: 34117, guest: 8080, protocol: 'tcp' } as const;
  assert.equal(speakPort(forward), 'port 34117 to 8080, open');
});

test('a tooltip cannot be made to show what a guest or a file wrote as Markdown', () => {
  const text = vmTooltip({
    name: 'db',
    state: 'failed',
    detail: '[x](command:evil)',
    failure: '```\n[y](command:evil)',
  });
  assert.doesNotMatch(text, /(?<!\\)\[x\]/);
  assert.equal(text.split('```').length, 3);
});

test('uptimes are coarse, so that a row is not redrawn each second', () => {
  assert.deepEqual(
    [coarse(5_000), coarse(300_000), coarse(7_200_000), coarse(400_000_000)],
    ['less than a minute', '5 min', '2 h', '4 days'],
  );
});

test('a running VM shows the step of its bootstrap, and its tooltip the state of its bus', () => {
  assert.equal(
    vmRow('/srv/castra.toml', { ...running, detail: 'bootstrap: apply' }).description,
    'running · bootstrap: apply · :8080→80',
  );
  const bus = { since: 0, transport: 'virtio', connected: true, ageMs: 5_000, fresh: true, topics: [] } as const;
  const withBus = (more: object) =>
    vmTooltip({ ...running, ...(running.status ? { status: { ...running.status, bus: { ...bus, ...more } } } : {}) });
  assert.match(withBus({}), /Bus: connected over virtio/);
  assert.match(withBus({ connected: false }), /Bus: said hello over virtio/);
  assert.match(withBus({ fresh: false, ageMs: 130_000 }), /Bus: silent for 2 min/);
});
