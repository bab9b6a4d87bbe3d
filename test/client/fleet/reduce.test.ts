import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FleetAction, reduce } from '../../../client/fleet/reduce.ts';
import { emptyFleet, type Fleet } from '../../../client/fleet/state.ts';
import { type VmView, view } from '../../../client/fleet/view.ts';
import type { Event } from '../../../runtime/contract/events.ts';
import type { Failure } from '../../../runtime/contract/failures.ts';
import type { StatusOutcome, VmStatus } from '../../../runtime/contract/vms.ts';

const PROJECT = '/srv/shop/castra.toml';
const vm = (name: string, more: Partial<VmStatus> = {}): VmStatus => ({
  name,
  role: name,
  state: 'stopped',
  forwards: [],
  ...more,
});
const outcome = (...vms: VmStatus[]): StatusOutcome => ({
  projectName: 'shop',
  projectPath: PROJECT,
  configVersion: '0.2.0',
  stateRoot: '/srv/state',
  brokerPort: 7070,
  broker: { state: 'stopped' },
  vms,
});

type Without<T> = T extends unknown ? Omit<T, 'project'> : never;
const after = (...actions: Without<FleetAction>[]): Fleet =>
  actions.reduce<Fleet>((fleet, action) => reduce(fleet, { ...action, project: PROJECT } as FleetAction), emptyFleet);
const rows = (fleet: Fleet): readonly VmView[] => view(fleet)[0]?.vms ?? [];
const states = (fleet: Fleet) => rows(fleet).map(({ name, state, detail }) => [name, state, detail]);
let now = 0;
const clock = () => {
  now += 1;
  return now;
};
const look = (found: StatusOutcome, began = clock()) => ({ type: 'snapshot', outcome: found, began }) as const;
const snapshot = (...vms: VmStatus[]) => look(outcome(...vms));
const up = (...vms: string[]) => ({ type: 'requested', request: 1, verb: 'up', vms }) as const;
const hear = (event: Event, request = 1) => ({ type: 'event', request, event, at: clock() }) as const;
const end = (vms: string[], failure?: Failure, request = 1) =>
  ({ type: 'finished', request, vms, at: clock(), ...(failure ? { failure } : {}) }) as const;
const withErrors = (...vms: VmStatus[]) => look({ ...outcome(...vms), configErrors: 2 });

describe('what is known of the VMs', () => {
  it('is what status says, in the words of the tree', () => {
    const fleet = after(
      snapshot(
        vm('a'),
        vm('b', { state: 'running', pid: 7 }),
        vm('c', { state: 'running', pid: 8, reason: 'Its base image was changed.' }),
        vm('d', { state: 'error', reason: 'QEMU crashed.' }),
        vm('e', { state: 'orphaned', pid: 9 }),
        vm('f', { state: 'shutting_down', pid: 10 }),
      ),
    );
    assert.deepEqual(states(fleet), [
      ['a', 'stopped', undefined],
      ['b', 'running', undefined],
      ['c', 'degraded', 'Its base image was changed.'],
      ['d', 'failed', 'QEMU crashed.'],
      ['e', 'orphan', 'running, not in castra.toml'],
      ['f', 'stopping', undefined],
    ]);
  });

  it('changes at once when something is asked for, before anything has happened', () => {
    assert.deepEqual(states(after(snapshot(vm('a'), vm('b')), up('a'))), [
      ['a', 'starting', 'starting'],
      ['b', 'stopped', undefined],
    ]);
  });

  it('follows each step, and the download of the image', () => {
    const fleet = after(
      snapshot(vm('a')),
      up('a'),
      hear({ type: 'vm.phase', vm: 'a', phase: 'image' }),
      hear({ type: 'image.progress', url: 'u', vms: ['a'], receivedBytes: 43, totalBytes: 100 }),
    );
    assert.deepEqual(states(fleet), [['a', 'starting', 'downloading image 43 %']]);
    const later = reduce(fleet, { ...hear({ type: 'vm.phase', vm: 'a', phase: 'kernel' }), project: PROJECT });
    assert.deepEqual(states(later), [['a', 'starting', 'kernel runs']]);
  });

  it('shows the download of an image in the rows of all VMs that wait for it, and in no other', () => {
    const progress = {
      type: 'image.progress',
      url: 'u',
      vms: ['a', 'b', 'd'],
      receivedBytes: 3 * 1024 * 1024,
    } as const;
    const fleet = after(
      snapshot(vm('a'), vm('b'), vm('c'), vm('d')),
      up('a', 'b', 'c'),
      hear({ type: 'vm.phase', vm: 'c', phase: 'kernel' }),
      hear(progress),
    );
    assert.deepEqual(states(fleet), [
      ['a', 'starting', 'downloading image 3 MiB'],
      ['b', 'starting', 'downloading image 3 MiB'],
      ['c', 'starting', 'kernel runs'],
      ['d', 'stopped', undefined],
    ]);
  });

  it('never shows a start for ever: however the command ends, its rows end too', () => {
    const endings = [
      end(['a']),
      end(['a'], { kind: 'cancelled' }),
      end(['a'], { kind: 'internal', detail: 'killed' }),
      end(['a'], { kind: 'busy', command: 'up' }),
    ];
    for (const ending of endings) {
      const [row] = rows(after(snapshot(vm('a')), up('a'), ending));
      assert.ok(row && row.state !== 'starting', ending.type);
    }
  });

  it('keeps why a VM failed until it is started again', () => {
    const failure = {
      kind: 'up-failed',
      vms: [{ vm: 'a', result: 'failed', failure: { kind: 'overlay-failed', vm: 'a', detail: 'no room.' } }],
    } as const;
    const failed = after(snapshot(vm('a')), up('a'), end(['a'], failure), snapshot(vm('a')));
    assert.deepEqual(states(failed), [['a', 'failed', 'cannot prepare its disk: no room.']]);
    const again = reduce(failed, { ...up('a'), project: PROJECT });
    assert.equal(rows(again)[0]?.failure, undefined);
  });

  it('of a start that another window makes is what the snapshot says', () => {
    const elsewhere = snapshot(vm('a', { state: 'starting', pid: 3, phase: 'network' }));
    const fleet = after(elsewhere, hear({ type: 'vm.phase', vm: 'a', phase: 'kernel' }));
    assert.deepEqual(states(fleet), [['a', 'starting', 'waiting for SSH']]);
  });

  it('of a VM that runs is that of its bootstrap, while that runs or when it failed', () => {
    const row = (bootstrap: VmStatus['bootstrap']) =>
      states(after(snapshot(vm('a', { state: 'running', pid: 3, ...(bootstrap ? { bootstrap } : {}) }))));
    assert.deepEqual(row({ state: 'running', step: 'apply app' }), [['a', 'running', 'bootstrap: apply app']]);
    const failed = { state: 'failed', step: 'transfer', reason: 'the disk is full' } as const;
    assert.deepEqual(row(failed), [['a', 'degraded', 'bootstrap failed at transfer: the disk is full']]);
    assert.deepEqual(row({ state: 'done' }), [['a', 'running', undefined]]);
    assert.deepEqual(row(undefined), [['a', 'running', undefined]]);
  });

  it('is gone with its project', () => {
    assert.deepEqual(view(reduce(after(snapshot(vm('a'))), { type: 'lost', project: PROJECT })), []);
  });

  it('outlives a file that is broken for a moment', () => {
    const fleet = after(snapshot(vm('a')), { type: 'unreadable', problem: 'cannot be read' });
    assert.equal(view(fleet)[0]?.problem, 'cannot be read');
    assert.equal(rows(fleet).length, 1);
    assert.equal(
      view(after(snapshot(vm('a')), { type: 'unreadable', problem: 'x' }, snapshot(vm('a'))))[0]?.problem,
      undefined,
    );
  });

  it('keeps what castra.toml declared last while it has errors, dimmed and in its order', () => {
    const running = vm('b', { state: 'running', pid: 4 });
    const fleet = after(snapshot(vm('c'), running, vm('a')), withErrors(running));
    const [project] = view(fleet);
    assert.match(project?.problem ?? '', /castra\.toml has 2 errors/);
    assert.deepEqual(
      project?.vms.map(({ name, state, stale }) => [name, state, stale]),
      [
        ['c', 'stopped', true],
        ['b', 'running', undefined],
        ['a', 'stopped', true],
      ],
    );
    const [corrected] = view(reduce(fleet, { ...snapshot(vm('a')), project: PROJECT }));
    assert.equal(corrected?.problem, undefined);
    assert.deepEqual(
      corrected?.vms.map(({ name, stale }) => [name, stale]),
      [['a', undefined]],
    );
  });

  it('says of a VM that castra.toml does not declare what it is', () => {
    const gone = { undeclared: true } as const;
    const left = after(snapshot(vm('a', { ...gone, overlayBytes: 729_088 }), vm('b', { ...gone, pid: 3 })));
    assert.deepEqual(states(left), [
      ['a', 'leftover', 'not in castra.toml · 712.0 KiB on disk'],
      ['b', 'orphan', 'running, not in castra.toml'],
    ]);
  });
});

describe('a failure', () => {
  const failure = {
    kind: 'launch-failed',
    vm: 'a',
    detail: 'no.',
    qemuOutput: [],
    serialTail: [],
    logPath: '',
  } as const;
  const failed = after(snapshot(vm('a')), up('a'), end(['a'], failure));
  const then = (...more: Without<FleetAction>[]) =>
    more.reduce<Fleet>((fleet, action) => reduce(fleet, { ...action, project: PROJECT } as FleetAction), failed);
  const stateAfter = (...more: Without<FleetAction>[]) => rows(then(...more))[0]?.state;

  it('is forgotten once the VM was seen running, however it ended then', () => {
    assert.equal(stateAfter(snapshot(vm('a'))), 'failed');
    assert.equal(stateAfter(snapshot(vm('a', { state: 'running', pid: 4 })), snapshot(vm('a'))), 'stopped');
  });

  it('is forgotten when another command starts the VM, and when castra.toml is corrected', () => {
    const operation = { command: 'up', pid: 7, startedAt: '', vms: ['a'] } as const;
    assert.equal(stateAfter(look({ ...outcome(vm('a')), operation }), snapshot(vm('a'))), 'stopped');
    assert.equal(stateAfter({ type: 'edited' }), 'stopped');
  });

  it('is not forgotten for what a look saw that began before', () => {
    assert.equal(stateAfter(look(outcome(vm('a', { state: 'starting', pid: 4 })), 0), snapshot(vm('a'))), 'failed');
  });

  it('of a preflight is that of the VMs that it is about', () => {
    const problem = { severity: 'error', code: 'host/base-image', message: 'a: no image.', vm: 'a' } as const;
    const preflight = { kind: 'preflight-failed', problems: [problem] } as const;
    const fleet = after(snapshot(vm('a'), vm('b')), up('a', 'b'), end(['a', 'b'], preflight));
    assert.deepEqual(states(fleet), [
      ['a', 'failed', 'no image.'],
      ['b', 'stopped', undefined],
    ]);
    const host = { severity: 'error', code: 'host/memory', message: 'Too little memory.' } as const;
    const both = after(snapshot(vm('a'), vm('b')), up('a', 'b'), end(['a', 'b'], { ...preflight, problems: [host] }));
    assert.deepEqual(
      rows(both).map(({ state }) => state),
      ['failed', 'failed'],
    );
  });

  it('that is about no VM turns no row red', () => {
    const unknown = { kind: 'unknown-vm', names: ['x'], known: ['a', 'b'] } as const;
    const fleet = after(snapshot(vm('a'), vm('b')), up('a', 'b'), end(['a', 'b'], unknown));
    assert.deepEqual(
      rows(fleet).map(({ state }) => state),
      ['stopped', 'stopped'],
    );
  });

  it('speaks of the buttons of the window', () => {
    const crashed = vm('a', { state: 'error', reason: 'QEMU crashed. `castra up a` starts it again.' });
    assert.deepEqual(states(after(snapshot(crashed))), [['a', 'failed', 'QEMU crashed. “Up” starts it again.']]);
  });
});

describe('a row never goes back', () => {
  const starting = vm('a', { state: 'starting', pid: 4, phase: 'network' });
  const up4 = { type: 'vm.kept', vm: 'a', pid: 4 } as const;

  it('from running, at the end of a start', () => {
    const early = clock();
    const ready = after(
      snapshot(starting),
      up('a'),
      hear({ type: 'vm.phase', vm: 'a', phase: 'network' }),
      hear({ type: 'vm.ready', vm: 'a', elapsedMs: 1, evidence: '' }),
    );
    assert.deepEqual(states(ready), [['a', 'running', undefined]]);
    const late = reduce(ready, { ...look(outcome(starting), early), project: PROJECT });
    assert.deepEqual(states(late), [['a', 'running', undefined]]);
    const next = reduce(late, { ...snapshot(vm('a', { state: 'paused', pid: 4 })), project: PROJECT });
    assert.equal(rows(next)[0]?.state, 'paused');
  });

  it('from stopped, for what a look saw before', () => {
    const early = clock();
    const completed = { type: 'shutdown.completed', vm: 'a', outcome: 'graceful', totalMs: 1, changed: true } as const;
    const stopped = after(snapshot(starting), up('a'), hear(up4), end(['a']), hear(completed, 2));
    const late = reduce(stopped, { ...look(outcome(vm('a', { state: 'running', pid: 4 })), early), project: PROJECT });
    assert.equal(rows(late)[0]?.state, 'stopped');
    assert.equal(rows(late)[0]?.status?.pid, undefined);
  });
});

describe('commands for the same VM', () => {
  const down = { type: 'requested', request: 2, verb: 'down', vms: ['a'] } as const;

  it('show the first, and what comes then', () => {
    const both = after(snapshot(vm('a')), up('a'), down, { type: 'queued', request: 2, waitsFor: ['a'] });
    assert.deepEqual(states(both), [['a', 'starting', 'starting, then Down']]);
    const second = reduce(both, { ...end(['a']), project: PROJECT });
    assert.deepEqual(states(second), [['a', 'stopping', 'waits for a']]);
  });

  it('wait for a command elsewhere, and say for which VM', () => {
    const waits = after(
      snapshot(vm('a')),
      up('a'),
      hear({ type: 'lock.waiting', command: 'up', vms: ['web-0', 'db-0'] }),
    );
    assert.deepEqual(states(waits), [['a', 'starting', 'waits for web-0 and 1 more']]);
  });

  it('do not take steps from each other', () => {
    const both = after(snapshot(vm('a')), up('a'), down, hear({ type: 'vm.phase', vm: 'a', phase: 'kernel' }, 1));
    assert.deepEqual(states(both), [['a', 'starting', 'kernel runs, then Down']]);
  });
});
