import assert from 'node:assert/strict';
import { commands, env, extensions, version, workspace } from 'vscode';
import { hostTest } from './hostTest.ts';

hostTest('this is a real VS Code', () => {
  assert.match(version, /^1\.\d+\.\d+/);
  assert.notEqual(env.sessionId, '');
});

hostTest('the probe extension is active and has its commands', async () => {
  const probe = extensions.getExtension('castra-tests.castra-probe');
  await probe?.activate();
  assert.equal(probe?.isActive, true);
  assert.ok((await commands.getCommands(true)).includes('castraProbe.count'));
  assert.equal(await commands.executeCommand('castraProbe.count'), 1);
  assert.equal(await commands.executeCommand('castraProbe.count'), 2);
});

hostTest('files of the workspace are found', async () => {
  const found = await workspace.findFiles('**/castra.toml');
  assert.deepEqual(
    found.map(({ path }) => path.split('/').at(-1)),
    ['castra.toml'],
  );
});
