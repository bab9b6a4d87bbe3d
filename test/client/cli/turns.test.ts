import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeTurns } from '../../../client/cli/turns.ts';

const settled = async (promise: Promise<boolean>): Promise<boolean | 'pending'> =>
  Promise.race([promise, new Promise<'pending'>((done) => setImmediate(() => done('pending')))]);

test('a command waits for the earlier ones that are about one of its VMs, and for no other', async () => {
  const turns = takeTurns();
  const web = turns.enter('p', ['web-0', 'web-1']);
  const db = turns.enter('p', ['db-0']);
  const elsewhere = turns.enter('q', ['web-0']);
  const again = turns.enter('p', ['web-1']);
  assert.deepEqual(again.waitsFor, ['web-0', 'web-1']);
  assert.deepEqual(await Promise.all([web, db, elsewhere, again].map(({ come }) => settled(come))), [
    true,
    true,
    true,
    'pending',
  ]);
  web.end();
  assert.equal(await again.come, true);
});

test('one that is given up does not run, and keeps no other waiting', async () => {
  const turns = takeTurns();
  const first = turns.enter('p', ['a']);
  const second = turns.enter('p', ['a']);
  const third = turns.enter('p', ['a']);
  second.end();
  assert.equal(await second.come, false);
  assert.equal(await settled(third.come), 'pending');
  first.end();
  assert.equal(await third.come, true);
});
