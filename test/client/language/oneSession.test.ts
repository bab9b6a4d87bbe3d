import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { oneSession } from '../../../client/language/oneSession.ts';

/** Sessions that are numbered as they open; `log` has what happened in order. */
function numbered(failing: readonly number[] = [], stuck: readonly number[] = []) {
  const log: string[] = [];
  let opened = 0;
  const session = oneSession(
    async () => {
      opened += 1;
      const own = opened;
      log.push(`open ${own}`);
      if (failing.includes(own)) throw new Error(`cannot open ${own}`);
      return {
        async dispose() {
          log.push(`close ${own}`);
          if (stuck.includes(own)) throw new Error(`cannot close ${own}`);
        },
      };
    },
    (error) => log.push(`reported: ${(error as Error).message}`),
  );
  return { session, log };
}

const settled = () => new Promise((done) => setImmediate(done));

describe('the session of the language server', () => {
  it('starts once, however many documents are opened', async () => {
    const { session, log } = numbered();
    session.start();
    session.start();
    await settled();
    session.start();
    await settled();
    assert.deepEqual(log, ['open 1']);
  });

  it('is closed before the next one opens', async () => {
    const { session, log } = numbered();
    session.start();
    await session.restart();
    await session.restart();
    await settled();
    assert.deepEqual(log, ['open 1', 'close 1', 'open 2', 'close 2', 'open 3']);
  });

  it('leaves one running after two restarts at once', async () => {
    const { session, log } = numbered();
    session.start();
    await Promise.all([session.restart(), session.restart()]);
    await settled();
    const running =
      log.filter((line) => line.startsWith('open')).length - log.filter((line) => line.startsWith('close')).length;
    assert.equal(running, 1, log.join());
  });

  it('can be restarted after a failed start, which is reported once', async () => {
    const { session, log } = numbered([1]);
    session.start();
    await settled();
    await session.restart();
    await settled();
    assert.deepEqual(log, ['open 1', 'reported: cannot open 1', 'open 2']);
  });

  it('is tried again with the next document after a failed start', async () => {
    const { session, log } = numbered([1]);
    session.start();
    await settled();
    session.start();
    await settled();
    assert.equal(log.at(-1), 'open 2');
  });

  it('opens again although the one before could not be closed', async () => {
    const { session, log } = numbered([], [1]);
    session.start();
    await session.restart();
    await settled();
    assert.deepEqual(log, ['open 1', 'close 1', 'reported: cannot close 1', 'open 2']);
  });

  it('closes one that was still opening when it was stopped', async () => {
    const { session, log } = numbered();
    session.start();
    await session.stop();
    assert.deepEqual(log, ['open 1', 'close 1']);
  });
});
