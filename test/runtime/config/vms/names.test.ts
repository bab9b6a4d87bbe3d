import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainBadName, shortHash, slugify } from '../../../../runtime/config/vms/names.ts';

test('names of lower-case letters, digits and inner hyphens are allowed', () => {
  for (const name of ['a', '0', 'web', 'web-1', 'a--b', '1a', 'x'.repeat(63)])
    assert.equal(explainBadName(name), undefined);
});

test('names that no host, file or socket may have are explained', () => {
  for (const name of ['Web', 'a b', '-a', 'a-', 'a_b', 'a.b', 'a/b', '..', 'é', '🏰', 'a\n', '\0']) {
    assert.match(explainBadName(name) ?? '', /cannot be a VM's name/, name);
  }
});

test('the 64th character is one too many', () => {
  assert.match(explainBadName('x'.repeat(64)) ?? '', /longer than 63/);
});

test('names of other things are reserved', () => {
  for (const name of ['host', 'broker', 'bus', 'operation']) assert.match(explainBadName(name) ?? '', /is reserved/);
});

test('a slug is an allowed name', () => {
  assert.equal(slugify('My Project!', 'x'), 'my-project');
  assert.equal(slugify('--A__b..C--', 'x'), 'a-b-c');
  assert.equal(slugify('Ünïcode', 'x'), 'n-code');
  assert.equal(slugify('!!!', 'fallback'), 'fallback');
  assert.equal(slugify('', 'fallback'), 'fallback');
  assert.equal(slugify(`${'a'.repeat(62)}-b`, 'x'), 'a'.repeat(62));
});

test('a short hash is the beginning of SHA-256 in hex', () => {
  assert.equal(shortHash('', 16), 'e3b0c44298fc1c14');
  assert.equal(shortHash('devbox', 6), '2ff8dd');
});
