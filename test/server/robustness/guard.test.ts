import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CancellationTokenSource, type Connection, LSPErrorCodes, ResponseError } from 'vscode-languageserver';
import { makeGuard } from '../../../server/guard.ts';

/** A guard, and what it told the client's log. */
function guarded() {
  const logged: string[] = [];
  const connection = { console: { error: (text: string) => logged.push(text) } } as unknown as Connection;
  return { guard: makeGuard(connection), logged };
}

const { token: NEVER } = new CancellationTokenSource();
const hasCode = (code: number) => (error: unknown) => error instanceof ResponseError && error.code === code;

describe('a guarded handler', () => {
  it('answers an error for a bug, thrown at once or later, and logs it once with its stack', async () => {
    const { guard, logged } = guarded();
    const bug = new TypeError('no such thing');
    const atOnce = guard('hover', () => {
      throw bug;
    });
    const later = guard('hover', () => Promise.reject(bug));
    for (const handler of [atOnce, later, atOnce]) {
      await assert.rejects(handler({}, NEVER), (error: Error) => {
        assert.ok(hasCode(LSPErrorCodes.RequestFailed)(error));
        return error.message === 'hover: no such thing';
      });
    }
    assert.equal(logged.length, 1);
    assert.match(logged[0] ?? '', /^hover: TypeError: no such thing\n +at /);
  });

  it('logs another bug as well', async () => {
    const { guard, logged } = guarded();
    for (const message of ['one', 'two', 'one']) {
      await assert.rejects(guard('hover', () => Promise.reject(message))({}, NEVER));
    }
    assert.deepEqual(logged, ['hover: one', 'hover: two']);
  });

  it('passes on a refusal of its own, and logs nothing', async () => {
    const { guard, logged } = guarded();
    const refusal = new ResponseError(LSPErrorCodes.RequestFailed, 'not a name');
    await assert.rejects(guard('rename', () => Promise.reject(refusal))({}, NEVER), refusal);
    assert.deepEqual(logged, []);
  });

  it('is not called when it was cancelled before, and its answer is dropped when it was cancelled meanwhile', async () => {
    const { guard } = guarded();
    const source = new CancellationTokenSource();
    let calls = 0;
    const handler = guard('completion', () => {
      calls += 1;
      source.cancel();
      return 'late';
    });
    await assert.rejects(handler({}, source.token), hasCode(LSPErrorCodes.RequestCancelled));
    await assert.rejects(handler({}, source.token), hasCode(LSPErrorCodes.RequestCancelled));
    assert.equal(calls, 1);
  });
});
