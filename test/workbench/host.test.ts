import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { runInHost } from '../support/workbench/host.ts';
import { skipped } from '../support/workbench.ts';

const probe = join(process.cwd(), 'test/support/probeExtension');
const hostTests = join(process.cwd(), '.cache/tests/extension/index.cjs');

test('tests run inside the real extension host', { skip: skipped }, async (t) => {
  const { code, log } = await runInHost(t, hostTests, { extension: probe, files: { 'castra.toml': '' } });
  assert.equal(code, 0, log);
  assert.match(log, /ok: this is a real VS Code/);
});

test('a test that fails there is told, with its reason', { skip: skipped }, async (t) => {
  const { code, log } = await runInHost(t, hostTests, { extension: probe });
  assert.equal(code, 1);
  assert.match(log, /FAILED: files of the workspace are found/);
  assert.match(log, /1 of 3 tests failed/);
});
