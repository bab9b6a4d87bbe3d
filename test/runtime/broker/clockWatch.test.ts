import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClockWatch } from '../../../runtime/broker/clockWatch.ts';

test('a clock that goes another way than time has jumped, once', () => {
  let [wall, steady] = [1_700_000_000_000, 5_000];
  const clock = new ClockWatch(
    () => wall,
    () => steady,
  );
  const pass = (wallMs: number, steadyMs: number) => {
    wall += wallMs;
    steady += steadyMs;
    return clock.jumped();
  };
  assert.equal(pass(5_000, 5_000), false);
  assert.equal(pass(6_500, 5_000), false, 'a correction');
  assert.equal(pass(3_600_000, 5_000), true, 'an hour of sleep');
  assert.equal(pass(5_000, 5_000), false);
  assert.equal(pass(-60_000, 5_000), true, 'set back');
});
