import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

const HOOK = pathToFileURL('test/support/packedPackages.mjs').href;

function runTestFile(name: string): string {
  // Without what the runner of this file tells files it starts: they would write their reports for it.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ['--import', HOOK, '--test', '--test-reporter=tap', `.cache/tests/test/${name}.test.js`];
  const options = { encoding: 'utf8', env: { ...env, NODE_OPTIONS: `--import=${HOOK}` } } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

test('undici as it ships downloads through redirects, https and proxies, as the whole of it does', () => {
  assert.match(runTestFile('runtime/images/download/downloadProcess'), /^# pass [1-9]/m);
});

test('what ships is a part of the packages, and tests get that part', () => {
  const probe = `for (const name of ['undici', 'ssh2']) console.log(Object.keys((await import(name)).default).join());`;
  const args = ['--import', HOOK, '--input-type=module', '--eval', probe];
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.equal(stdout, 'EnvHttpProxyAgent,interceptors,request\nClient,createAgent,utils\n');
});
