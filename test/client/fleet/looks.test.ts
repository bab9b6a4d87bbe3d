import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { orderLooks } from '../../../client/fleet/looks.ts';

describe('looks at a project', () => {
  it('count in the order in which they began', () => {
    const looks = orderLooks();
    const older = looks.begin('a');
    const newer = looks.begin('a');
    assert.equal(newer(), true);
    assert.equal(older(), false);
  });

  it('all count when they land in order', () => {
    const looks = orderLooks();
    const first = looks.begin('a');
    const second = looks.begin('a');
    assert.equal(first(), true);
    assert.equal(second(), true);
  });

  it('of one project do not stand against those of another', () => {
    const looks = orderLooks();
    const other = looks.begin('b');
    assert.equal(looks.begin('a')(), true);
    assert.equal(other(), true);
  });

  it('do not bring back a project that is gone, and count again once it is back', () => {
    const looks = orderLooks();
    const late = looks.begin('a');
    looks.forget('a');
    assert.equal(late(), false);
    assert.equal(looks.begin('a')(), true);
  });
});
