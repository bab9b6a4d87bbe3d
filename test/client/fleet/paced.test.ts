import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { paced } from '../../../client/fleet/paced.ts';

const INTERVAL_MS = 50;

/** Events, and those who listen to them. */
function events() {
  const listeners = new Set<() => void>();
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return { dispose: () => void listeners.delete(listener) };
  };
  const fire = () => {
    for (const listener of listeners) listener();
  };
  return { listeners, subscribe, fire };
}

describe('acts that are paced', () => {
  it('follow the first event at once, and the others together', async (t) => {
    const { subscribe, fire } = events();
    let acts = 0;
    let done = () => {};
    const twice = new Promise<void>((resolve) => {
      done = resolve;
    });
    const began = performance.now();
    const pace = paced(subscribe, INTERVAL_MS, () => {
      acts += 1;
      if (acts === 1) for (let event = 0; event < 5; event += 1) fire();
      else done();
    });
    t.after(() => pace.dispose());
    for (let event = 0; event < 5; event += 1) fire();
    await twice;
    assert.equal(acts, 2);
    assert.ok(performance.now() - began >= INTERVAL_MS - 1);
  });

  it('leave neither a listener nor a timer when they end', async () => {
    const { listeners, subscribe, fire } = events();
    let acts = 0;
    for (let restart = 0; restart < 3; restart += 1) {
      const pace = paced(subscribe, INTERVAL_MS, () => {
        acts += 1;
      });
      assert.equal(listeners.size, 1);
      fire();
      pace.dispose();
    }
    await delay(2 * INTERVAL_MS);
    assert.deepEqual([listeners.size, acts], [0, 0]);
  });
});
