import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { emptyFleet, type Fleet, type FleetAction, reduce } from '../../../client/fleet/reduce.ts';
import { type VmView, view } from '../../../client/fleet/view.ts';
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
  vms,
});

type Without<T> = T extends unknown ? Omit<T, 'project'> : never;
const after = (...actions: Without<FleetAction>[]): Fleet =>
  actions.reduce<Fleet>((fleet, action) => reduce(fleet, { ...action, project: PROJECT } as FleetAction), emptyFleet);
const rows = (fleet: Fleet): readonly VmView[] => view(fleet)[0]?.vms ?? [];
const states = (fleet: Fleet) => rows(fleet).map(({ name, state, detail }) => [name, state, detail]);
const snapshot = (...vms: VmStatus[]) => ({ type: 'snapshot', outcome: outcome(...vms) }) as const;
const up = (...vms: string[]) => ({ type: 'requested', verb: 'up', vms }) as const;

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
      ['e', 'orphan', 'not in castra.toml'],
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
      { type: 'event', event: { type: 'vm.phase', vm: 'a', phase: 'image' } },
      { type: 'event', event: { type: 'image.progress', url: 'u', vms: ['a'], receivedBytes: 43, totalBytes: 100 } },
    );
    assert.deepEqual(states(fleet), [['a', 'starting', 'downloading image 43 %']]);
    const later = reduce(fleet, {
      type: 'event',
      project: PROJECT,
      event: { type: 'vm.phase', vm: 'a', phase: 'kernel' },
    });
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
      { type: 'event', event: { type: 'vm.phase', vm: 'c', phase: 'kernel' } },
      { type: 'event', event: progress },
    );
    assert.deepEqual(states(fleet), [
      ['a', 'starting', 'downloading image 3 MiB'],
      ['b', 'starting', 'downloading image 3 MiB'],
      ['c', 'starting', 'kernel runs'],
      ['d', 'stopped', undefined],
    ]);
  });

  it('never shows a start for ever: however the command ends, its rows end too', () => {
    const endings: Without<FleetAction>[] = [
      { type: 'finished', vms: ['a'] },
      { type: 'finished', vms: ['a'], failure: { kind: 'cancelled' } },
      { type: 'finished', vms: ['a'], failure: { kind: 'internal', detail: 'killed' } },
      { type: 'finished', vms: ['a'], failure: { kind: 'busy', command: 'up' } },
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
    const failed = after(snapshot(vm('a')), up('a'), { type: 'finished', vms: ['a'], failure }, snapshot(vm('a')));
    assert.deepEqual(states(failed), [['a', 'failed', 'cannot prepare its disk: no room.']]);
    const again = reduce(failed, { ...up('a'), project: PROJECT });
    assert.equal(rows(again)[0]?.failure, undefined);
  });

  it('of a start that another window makes is what the snapshot says', () => {
    const fleet = after(snapshot(vm('a', { state: 'starting', pid: 3, phase: 'network' })), {
      type: 'event',
      event: { type: 'vm.phase', vm: 'a', phase: 'kernel' },
    });
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

  it('is said to be incomplete while castra.toml has errors', () => {
    const [project] = view(after({ type: 'snapshot', outcome: { ...outcome(vm('started-before')), configErrors: 2 } }));
    assert.match(project?.problem ?? '', /castra\.toml has 2 errors/);
    assert.equal(project?.vms.length, 1);
  });
});
