import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSafeName, looksRemote, nameInFolder, parseCopyPath } from '../../../../runtime/ssh/copy/copyPaths.ts';

const parse = (text: string) => parseCopyPath(text, (name) => name === 'web' || name === 'c');

test('only the name of a known VM makes a path one in a VM', () => {
  assert.deepEqual(parse('web:/etc/motd'), { kind: 'remote', vm: 'web', path: '/etc/motd' });
  assert.deepEqual(parse('web:a:b\nc'), { kind: 'remote', vm: 'web', path: 'a:b\nc' });
  for (const local of ['C:\\x', 'C:/x', './web:x', '/srv/web:x', 'a', 'other:/x', ':x', '..\\web:x']) {
    assert.deepEqual(parse(local), { kind: 'local', path: local });
  }
});

test('home in the VM is ~, or nothing', () => {
  const path = (text: string) => parse(text).path;
  assert.equal(path('web:'), '.');
  assert.equal(path('web:~'), '.');
  assert.equal(path('web:~/'), '.');
  assert.equal(path('web:~/a b'), 'a b');
  assert.equal(path('web:~root/x'), '~root/x');
  assert.equal(path('web:$HOME/*'), '$HOME/*');
});

test('a typo of a VM’s name is noticed, a drive letter is none', () => {
  assert.equal(looksRemote('wbe:/etc'), 'wbe');
  assert.equal(looksRemote('C:\\x'), undefined);
  assert.equal(looksRemote('c:/x'), undefined);
  assert.equal(looksRemote('./wbe:/x'), undefined);
});

test('a source keeps its name in a folder; where the name says nothing, its contents go there', () => {
  assert.equal(nameInFolder('/a/b/'), 'b');
  assert.equal(nameInFolder('-x'), '-x');
  for (const source of ['/', '.', '..', '/a/.', '/a/..']) assert.equal(nameInFolder(source), undefined);
});

test('a name from a guest is one step down and nothing else', () => {
  for (const name of ['', '.', '..', '../x', 'a/b', '/', 'a\0b']) assert.equal(isSafeName(name, false), false, name);
  for (const name of ['a', '..a', '-x', 'a\\b', 'a:b', ' ']) assert.equal(isSafeName(name, false), true, name);
  for (const name of ['a\\b', 'c:', 'a:stream']) assert.equal(isSafeName(name, true), false, name);
});
