import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type TestContext, test } from 'node:test';
import { discoverConfig } from '../../../runtime/config/discover.ts';
import { CastraError, type Failure } from '../../../runtime/contract/failures.ts';

/** An empty folder under its real name, gone after the test. */
function tempFolder(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'castra-discover-')));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Makes the folder and a castra.toml in it. */
function project(...segments: string[]): string {
  const folder = join(...segments);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'castra.toml'), '');
  return join(folder, 'castra.toml');
}

const failsWith = (failure: Failure) => (error: unknown) => {
  assert.ok(error instanceof CastraError);
  assert.deepEqual(error.failure, failure);
  return true;
};

test('the castra.toml of the folder itself is found', (t) => {
  const folder = tempFolder(t);
  const path = project(folder);
  assert.equal(discoverConfig({ kind: 'discover', from: folder }), path);
});

test('the nearest castra.toml above wins', (t) => {
  const folder = tempFolder(t);
  project(folder);
  const near = project(folder, 'a');
  const from = join(folder, 'a', 'b', 'c');
  mkdirSync(from, { recursive: true });
  assert.equal(discoverConfig({ kind: 'discover', from }), near);
});

test('only regular files count: a folder called castra.toml is passed over', (t) => {
  const folder = tempFolder(t);
  const above = project(folder);
  mkdirSync(join(folder, 'a', 'castra.toml'), { recursive: true });
  assert.equal(discoverConfig({ kind: 'discover', from: join(folder, 'a') }), above);
});

test('a project has one path, whichever link leads to it', (t) => {
  const folder = tempFolder(t);
  const path = project(folder, 'real');
  mkdirSync(join(folder, 'real', 'sub'));
  symlinkSync(join(folder, 'real'), join(folder, 'link'));
  symlinkSync(join(folder, 'real', 'sub'), join(folder, 'deep'));
  assert.equal(discoverConfig({ kind: 'discover', from: join(folder, 'link') }), path);
  assert.equal(discoverConfig({ kind: 'discover', from: join(folder, 'deep') }), path);
  assert.equal(discoverConfig({ kind: 'file', path: join(folder, 'link', 'castra.toml') }), path);
});

test('a castra.toml that is a link belongs to the folder it lies in', (t) => {
  const folder = tempFolder(t);
  const shared = project(folder, 'shared');
  mkdirSync(join(folder, 'own'));
  symlinkSync(shared, join(folder, 'own', 'castra.toml'));
  assert.equal(discoverConfig({ kind: 'discover', from: join(folder, 'own') }), join(folder, 'own', 'castra.toml'));
});

test('a dangling link is not a file', (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'castra.toml');
  symlinkSync(join(folder, 'gone'), path);
  assert.throws(() => discoverConfig({ kind: 'file', path }), failsWith({ kind: 'config-missing', path }));
});

test('a folder that does not exist is searched from above', (t) => {
  const folder = tempFolder(t);
  const path = project(folder);
  assert.equal(discoverConfig({ kind: 'discover', from: join(folder, 'gone', 'deeper') }), path);
});

test('nothing found names the folder that the search began in', (t) => {
  const searchedFrom = join(tempFolder(t), 'a');
  assert.throws(
    () => discoverConfig({ kind: 'discover', from: searchedFrom }),
    failsWith({ kind: 'config-not-found', searchedFrom }),
  );
});

test('a file is taken whatever its name, and a relative path starts from the working folder', (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'other.toml');
  writeFileSync(path, '');
  assert.equal(discoverConfig({ kind: 'file', path }), path);
  assert.equal(discoverConfig({ kind: 'file', path: relative(process.cwd(), path) }), path);
});

test('a selected file must exist and be one, and nothing is searched instead', (t) => {
  const folder = tempFolder(t);
  project(folder);
  for (const path of [join(folder, 'other.toml'), folder]) {
    assert.throws(() => discoverConfig({ kind: 'file', path }), failsWith({ kind: 'config-missing', path }));
  }
});
