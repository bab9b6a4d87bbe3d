import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Entry, judgeEntry, type StateFolder } from '../../../runtime/state/inventory.ts';
import { projectFiles, vmFiles, vmSockets } from '../../../runtime/state/layout.ts';

const ROOT = '/srv/state';

/** Where a path stands, for judgeEntry. */
function judge(path: string, type: Entry['type'] = 'file') {
  const parts = path.slice(ROOT.length + 1).split('/');
  const folder = parts.length === 1 ? 'root' : parts.at(-2);
  return judgeEntry(folder as StateFolder, { name: parts.at(-1) ?? '', type });
}

test('every file that the layout names is known', () => {
  const { record, pidfile, firmwareVars, seed, qemuLog, serialLog } = vmFiles(ROOT, 'web-0');
  const kinds = [record, pidfile, firmwareVars, seed, qemuLog, serialLog].map((path) => {
    const verdict = judge(path);
    return verdict.kind === 'ours' ? verdict.cleanup : verdict.kind;
  });
  assert.deepEqual(kinds, ['record', 'pid-file', 'firmware-vars', 'seed', 'logs', 'logs']);
  for (const path of Object.values(vmSockets(ROOT, 'web-0')) as string[]) {
    assert.deepEqual(judge(path, 'socket'), { kind: 'ours', cleanup: 'socket', vm: 'web-0' });
  }
  const files = projectFiles(ROOT);
  for (const path of [files.lock, files.operation]) assert.equal(judge(path).kind, 'stays');
  assert.equal(judge(files.keys, 'directory').kind, 'stays');
  for (const path of [files.logs, files.overlays, files.kept]) assert.equal(judge(path, 'directory').kind, 'folder');
  for (const path of [files.sshConfig, files.knownHosts]) assert.equal(judge(path).kind, 'ours');
});

test('a record knows its VM, also when that is called like a suffix', () => {
  assert.deepEqual(judge(`${ROOT}/web.json`), { kind: 'ours', cleanup: 'record', vm: 'web' });
  assert.deepEqual(judge(`${ROOT}/pid.pid`), { kind: 'ours', cleanup: 'pid-file', vm: 'pid' });
});

test('rotated logs and what was left half-made are known', () => {
  for (const name of ['logs/web-0.log.1', 'logs/web-0-serial.log.64', 'logs/broker.log', 'bootstrap/web-0-17.json']) {
    assert.equal(judge(`${ROOT}/${name}`).kind, 'ours', name);
  }
  for (const name of ['web-0.json.0123456789ab.tmp', 'overlays/a.qcow2.0123456789ab.tmp', 'kept/a.qcow2.tmp']) {
    assert.deepEqual(judge(`${ROOT}/${name}`), { kind: 'ours', cleanup: 'temporary' }, name);
  }
});

test('nothing else is', () => {
  const names = ['notes.txt', 'Web.json', '.json', '-x.pid', 'web.json.bak', 'web.json.0123.tmp', 'web.vars', 'id_rsa'];
  const deeper = ['logs/web.log.gz', 'logs/web.log.x', 'overlays/a.raw', 'kept/a.img', 'handshakes/x', 'constructor'];
  for (const name of [...names, ...deeper]) assert.equal(judge(`${ROOT}/${name}`).kind, 'unknown', name);
});

test('neither is a name of ours on another kind of file, or a symbolic link', () => {
  assert.equal(judge(`${ROOT}/web.qmp`, 'file').kind, 'unknown');
  assert.equal(judge(`${ROOT}/web.json`, 'directory').kind, 'unknown');
  assert.equal(judge(`${ROOT}/logs`, 'file').kind, 'unknown');
  for (const name of ['web.json', 'logs', 'keys', 'castra.lock', 'logs/web.log']) {
    assert.equal(judge(`${ROOT}/${name}`, 'link').kind, 'unknown', name);
  }
});
