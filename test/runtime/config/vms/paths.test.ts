import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  defaultOverlay,
  defaultStateRoot,
  isInside,
  projectId,
  replicaOverlay,
  resolveOverlay,
} from '../../../../runtime/config/vms/paths.ts';

const FOLDERS = { project: '/srv/demo', stateRoot: '/state' } as const;

test('the id of castra.toml is that of its folder, any other file has its own', () => {
  assert.equal(projectId('/srv/demo/castra.toml'), '926574b4279e7131');
  const ids = ['/srv/demo/castra.toml', '/srv/demo/other.toml', '/srv/demo/Castra.toml', '/srv/castra.toml'].map(
    projectId,
  );
  assert.equal(new Set(ids).size, 4);
  for (const id of ids) assert.match(id, /^[0-9a-f]{16}$/);
});

test('a known folder with the id wins, one that only has the name does not', () => {
  const id = projectId('/srv/demo/castra.toml');
  const root = (existing: string[]) =>
    defaultStateRoot({ home: '/home', configPath: '/srv/demo/castra.toml', name: 'Demo' }, existing);
  assert.equal(root([]), `/home/projects/demo-${id}`);
  assert.equal(root(['demo', 'demo-1234', id]), `/home/projects/demo-${id}`);
  assert.equal(root([`old-${id}`]), `/home/projects/old-${id}`);
});

test('overlays start from the project, .castra from the state root', () => {
  const resolved: Record<string, string> = {
    'a.qcow2': '/srv/demo/a.qcow2',
    './a/../b.qcow2': '/srv/demo/b.qcow2',
    '/a.qcow2': '/a.qcow2',
    '.castra/a.qcow2': '/state/a.qcow2',
    '.castra': '/state',
    '.castra2/a': '/srv/demo/.castra2/a',
    '../a': '/srv/a',
  };
  for (const [overlay, path] of Object.entries(resolved)) assert.equal(resolveOverlay(overlay, FOLDERS), path);
});

test('default overlays of different roles differ even when their slugs do not', () => {
  assert.equal(defaultOverlay('alpine', '/s'), '/s/overlays/alpine-54c5b3-overlay.qcow2');
  assert.notEqual(defaultOverlay('a b', '/s'), defaultOverlay('a-b', '/s'));
  assert.match(defaultOverlay('/../', '/s'), /^\/s\/overlays\/vm-[0-9a-f]{6}-overlay\.qcow2$/);
});

test('replicas after the first have their number before the last ending', () => {
  assert.equal(replicaOverlay('/a/b.qcow2', 0), '/a/b.qcow2');
  assert.equal(replicaOverlay('/a/b.qcow2', 1), '/a/b-1.qcow2');
  assert.equal(replicaOverlay('/a.b/c', 2), '/a.b/c-2');
  assert.equal(replicaOverlay('/a/.hidden', 3), '/a/.hidden-3');
});

test('inside means below, whatever the names look like', () => {
  for (const path of ['/a/b', '/a/b/c', '/a/..b', '/a/.. /c']) assert.equal(isInside(path, '/a'), true, path);
  for (const path of ['/a', '/', '/ab', '/b', '/a/../b']) assert.equal(isInside(path, '/a'), false, path);
});
