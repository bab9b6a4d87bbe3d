import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { CastraError } from '../../../runtime/contract/failures.ts';
import { takeKernelLock } from '../../../runtime/state/kernelLock.ts';
import { waitForKernelLock } from '../../../runtime/state/waitForLock.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

describe('waitForKernelLock', () => {
  let folder: TempFolder;
  let path: string;
  beforeEach(() => {
    folder = tempFolder();
    path = join(folder.path, 'a.lock');
  });
  afterEach(() => folder.dispose());

  test('takes a free lock without waiting, and keeps others out', async () => {
    let waited = 0;
    const free = await waitForKernelLock(path, { signal: new AbortController().signal, onTaken: () => waited++ });
    assert.equal(waited, 0);
    assert.equal(await takeKernelLock(path), undefined);
    free();
  });

  test('takes it when its holder frees it', async () => {
    const held = await takeKernelLock(path);
    assert.ok(held);
    const onTaken = () => held();
    const free = await waitForKernelLock(path, { signal: new AbortController().signal, everyMs: 1, onTaken });
    free();
  });

  test('gives up when it is cancelled, and leaves the lock to its holder', async () => {
    const held = await takeKernelLock(path);
    const cancel = new AbortController();
    await assert.rejects(
      waitForKernelLock(path, { signal: cancel.signal, onTaken: () => cancel.abort() }),
      (error) => error instanceof CastraError && error.failure.kind === 'cancelled',
    );
    assert.equal(await takeKernelLock(path), undefined);
    held?.();
  });
});
