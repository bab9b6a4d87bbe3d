import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runInHost } from '../support/workbench/host.ts';
import { skipped } from '../support/workbench.ts';

const probe = join(process.cwd(), 'test/support/probeExtension');
const bundle = (name: string) => join(process.cwd(), '.cache/tests/extension', `${name}.cjs`);
const probeTests = bundle('probeIndex');

test('the extension passes the tests that @vscode/test-electron runs elsewhere', { skip: skipped }, async (t) => {
  const files = { 'castra.toml': readFileSync('test/extension/castra.toml', 'utf8') };
  const { code, log } = await runInHost(t, bundle('index'), { extension: process.cwd(), files });
  assert.equal(code, 0, log);
  assert.match(log, /ok: a fault is shown where it is/);
});

test('an extension whose view is hidden does nothing', { skip: skipped }, async (t) => {
  const { code, log } = await runInHost(t, bundle('idleIndex'), { extension: process.cwd() });
  assert.equal(code, 0, log);
});

test('tests run inside the real extension host', { skip: skipped }, async (t) => {
  const { code, log } = await runInHost(t, probeTests, { extension: probe, files: { 'castra.toml': '' } });
  assert.equal(code, 0, log);
  assert.match(log, /ok: this is a real VS Code/);
});

test('a test that fails there is told, with its reason', { skip: skipped }, async (t) => {
  const { code, log } = await runInHost(t, probeTests, { extension: probe });
  assert.equal(code, 1);
  assert.match(log, /FAILED: files of the workspace are found/);
  assert.match(log, /1 of 3 tests failed/);
});
