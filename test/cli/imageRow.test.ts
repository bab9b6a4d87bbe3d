import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextImageRow, renderImageRow } from '../../runtime/cli/render/imageRow.ts';

const MIB = 1024 * 1024;
const URL = 'https://images.example.org/a/x.qcow2';
const progress = (mib: number, more: { totalBytes?: number; byPid?: number } = {}) =>
  ({ type: 'image.progress', url: URL, vms: [], receivedBytes: mib * MIB, ...more }) as const;

test('a download shows its share, and the rate of what came since it was first seen', () => {
  const first = nextImageRow(progress(40, { totalBytes: 160 * MIB }), undefined, 1000);
  assert.equal(renderImageRow(URL, first), 'x.qcow2  40.0 MiB of 160.0 MiB (25%)');
  const next = nextImageRow(progress(80, { totalBytes: 160 * MIB }), first, 6000);
  assert.equal(renderImageRow(URL, next), 'x.qcow2  80.0 MiB of 160.0 MiB (50%), 8.0 MiB/s');
});

test('a download of another process names that, also when its size is not known', () => {
  assert.equal(
    renderImageRow(URL, nextImageRow(progress(1, { byPid: 42 }), undefined, 0)),
    'x.qcow2  1.0 MiB, waiting for pid 42',
  );
});

test('a download that begins again has no negative rate', () => {
  const row = nextImageRow(progress(1), nextImageRow(progress(9), undefined, 0), 1000);
  assert.equal(renderImageRow(URL, row), 'x.qcow2  1.0 MiB');
});
