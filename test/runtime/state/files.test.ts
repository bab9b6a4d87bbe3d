import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { CastraError } from '../../../runtime/contract/failures.ts';
import {
  ensurePrivateDirectory,
  readJsonIfAny,
  readTextIfAny,
  sweepTemporaries,
  writeFileAtomic,
} from '../../../runtime/state/files.ts';
import { projectFiles, SOCKET_PATH_LIMIT, vmFiles, vmSockets } from '../../../runtime/state/layout.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

let folder: TempFolder;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.dispose());

describe('writeFileAtomic', () => {
  test('replaces a file, for its owner alone, and leaves nothing beside it', () => {
    const path = join(folder.path, 'a.json');
    writeFileAtomic(path, 'one');
    writeFileAtomic(path, 'two');
    assert.equal(readFileSync(path, 'utf8'), 'two');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(folder.path), ['a.json']);
  });

  test('replaces a symlink instead of writing through it', () => {
    const target = join(folder.path, 'target');
    writeFileSync(target, 'untouched');
    symlinkSync(target, join(folder.path, 'link'));
    writeFileAtomic(join(folder.path, 'link'), 'new');
    assert.equal(readFileSync(target, 'utf8'), 'untouched');
  });

  test('leaves nothing when it fails', () => {
    mkdirSync(join(folder.path, 'full/inside'), { recursive: true });
    assert.throws(() => writeFileAtomic(join(folder.path, 'full'), 'text'));
    assert.deepEqual(readdirSync(folder.path), ['full']);
    assert.throws(() => writeFileAtomic(join(folder.path, 'none/a'), 'text'), /ENOENT/);
  });

  test('what a killed command left of it is swept away, and nothing else', () => {
    for (const name of ['web.json', 'web.json.0011223344ff.tmp', 'tmp', 'notes.tmp.txt']) {
      writeFileSync(join(folder.path, name), '');
    }
    sweepTemporaries(folder.path);
    assert.deepEqual(readdirSync(folder.path).sort(), ['notes.tmp.txt', 'tmp', 'web.json']);
  });
});

test('a file that is missing, cut short or a folder reads as nothing', () => {
  const path = join(folder.path, 'a.json');
  assert.equal(readTextIfAny(path), undefined);
  assert.equal(readJsonIfAny(path), undefined);
  writeFileSync(path, '{"a": ');
  assert.equal(readJsonIfAny(path), undefined);
  assert.equal(readTextIfAny(folder.path), undefined);
  writeFileSync(path, '{"a": 1}');
  assert.deepEqual(readJsonIfAny(path), { a: 1 });
});

describe('ensurePrivateDirectory', () => {
  const refuses = (path: string, why: RegExp) =>
    assert.throws(
      () => ensurePrivateDirectory(path),
      (error) => {
        assert.ok(error instanceof CastraError && error.failure.kind === 'state-root-unusable');
        assert.equal(error.failure.path, path);
        assert.match(error.failure.detail, why);
        return true;
      },
    );

  test('makes a folder, and those above it, that only their owner can enter', () => {
    const path = join(folder.path, 'a/b');
    ensurePrivateDirectory(path);
    for (const made of [path, dirname(path)]) assert.equal(statSync(made).mode & 0o777, 0o700);
  });

  test('closes one that others can enter', () => {
    const path = join(folder.path, 'open');
    mkdirSync(path);
    chmodSync(path, 0o777);
    ensurePrivateDirectory(path);
    assert.equal(statSync(path).mode & 0o777, 0o700);
  });

  test('refuses a symlink, wherever it leads', () => {
    symlinkSync(folder.path, join(folder.path, 'link'));
    refuses(join(folder.path, 'link'), /not a folder/);
    symlinkSync('/nonexistent', join(folder.path, 'dangling'));
    refuses(join(folder.path, 'dangling'), /./);
  });

  test('refuses a file', () => {
    writeFileSync(join(folder.path, 'file'), '');
    refuses(join(folder.path, 'file'), /EEXIST|not a folder/);
  });

  const root = process.getuid?.() === 0;
  test('refuses a folder of another user', { skip: root ? false : 'only root can make one' }, () => {
    const path = join(folder.path, 'theirs');
    mkdirSync(path);
    chownSync(path, 65534, 65534);
    refuses(path, /belongs to another user/);
  });
});

describe('the layout', () => {
  test('puts every file of a VM into the state root', () => {
    const { lock, operation } = projectFiles('/s');
    assert.deepEqual([lock, operation], ['/s/castra.lock', '/s/operation.json']);
    assert.deepEqual(vmFiles('/s', 'web'), {
      pidfile: '/s/web.pid',
      record: '/s/web.json',
      qemuLog: '/s/logs/web.log',
      serialLog: '/s/logs/web-serial.log',
      firmwareVars: '/s/web.vars.fd',
      seed: '/s/web.seed.iso',
      bootstrap: '/s/web.bootstrap.json',
      token: '/s/broker/web.token',
      handshake: '/s/handshakes/web.json',
      hostKey: '/s/keys/web_host_ed25519',
    });
  });

  test('puts sockets there too while their paths fit, to the byte', () => {
    const longest = '/web.monitor'.length;
    const root = `/${'x'.repeat(SOCKET_PATH_LIMIT - longest - 1)}`;
    assert.equal(vmSockets(root, 'web', {}).monitor, `${root}/web.monitor`);
    assert.equal(Buffer.byteLength(vmSockets(root, 'web', {}).monitor), SOCKET_PATH_LIMIT);
    assert.ok(!vmSockets(`${root}x`, 'web', {}).monitor.startsWith(root));
  });

  test("puts them into a short folder of the user's where they do not", () => {
    const root = `/${'x'.repeat(200)}`;
    const sockets = vmSockets(root, 'web', { XDG_RUNTIME_DIR: '/run/user/7' });
    for (const path of [sockets.qmp, sockets.monitor, sockets.console, sockets.bus]) {
      assert.equal(dirname(path), '/run/user/7/castra');
      assert.ok(Buffer.byteLength(path) <= SOCKET_PATH_LIMIT);
    }
    assert.match(vmSockets(root, 'web', {}).qmp, new RegExp(`/castra-${userInfo().uid}/[0-9a-f]{16}\\.qmp$`));
    assert.match(vmSockets(root, 'web', { XDG_RUNTIME_DIR: root }).qmp, /\/castra-\d+\//, 'itself too long');
  });

  test('counts bytes, not characters', () => {
    const root = `/${'ü'.repeat(60)}`;
    assert.ok(!vmSockets(root, 'web', {}).qmp.startsWith(root));
  });

  test('gives no two VMs or projects the same sockets', () => {
    const root = `/${'x'.repeat(200)}`;
    const stems = [vmSockets(root, 'a', {}), vmSockets(root, 'b', {}), vmSockets(`${root}2`, 'a', {})];
    assert.equal(new Set(stems.map(({ qmp }) => qmp)).size, 3);
    assert.deepEqual(vmSockets(root, 'a', {}), stems[0]);
  });
});
