import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pause } from '../../../runtime/process/pause.ts';

describe('a pause', () => {
  it('lasts as long as asked for', async () => {
    const started = performance.now();
    await pause(30, new AbortController().signal);
    assert.ok(performance.now() - started >= 29);
  });

  it('ends when it is cancelled, and does not begin when it was', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 10);
    await pause(60_000, controller.signal);
    await pause(60_000, controller.signal);
    assert.ok(controller.signal.aborted);
  });
});
