import assert from 'node:assert/strict';
import { test } from 'node:test';
import { suggest } from '../../../../runtime/config/findings/suggest.ts';

const KEYS = ['name', 'cpus', 'memory', 'port_forwards', 'base_image'];

test('a slip of the keyboard finds the word that was meant', () => {
  const slips = {
    nmae: 'name',
    nam: 'name',
    mmeory: 'memory',
    cpu: 'cpus',
    CPUS: 'cpus',
    memmory: 'memory',
    portforwards: 'port_forwards',
    'base-image': 'base_image',
  };
  for (const [word, meant] of Object.entries(slips)) assert.equal(suggest(word, KEYS), meant, word);
});

test('a word that is like none finds none', () => {
  for (const word of ['', 'x', 'colour', 'zzzzzzzzzzzz', 'x'.repeat(1000)])
    assert.equal(suggest(word, KEYS), undefined, word);
});

test('where nothing is known nothing is suggested', () => {
  assert.equal(suggest('name', []), undefined);
});

test('two letters in the wrong order are one slip', () => {
  assert.equal(suggest('tpc', ['udp', 'tcp']), 'tcp');
  assert.equal(suggest('mroe', ['core', 'more']), 'more');
});
