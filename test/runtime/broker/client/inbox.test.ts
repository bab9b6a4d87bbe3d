import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BusMessage, Inbox } from '../../../../runtime/broker/client/inbox.ts';

const message = (seq: number): BusMessage => ({ seq, from: 'web-0', time: 0, topic: 'a', payload: seq });
const hooks = { signal: undefined, onDone: () => undefined, onEnd: () => undefined };

test('a loop that is slower than its messages come loses the oldest, and they are counted', async () => {
  let dropped = 0;
  const inbox = new Inbox('a', undefined, () => {
    dropped += 1;
  });
  for (let seq = 1; seq <= 60_000; seq++) inbox.offer(message(seq));
  assert.equal(dropped, 10_000);
  assert.equal((await inbox.messages(hooks).next()).value?.seq, 10_001);
});

test('what was taken is let go, however long a loop runs', async () => {
  const inbox = new Inbox('a', undefined, () => assert.fail('nothing is dropped'));
  const messages = inbox.messages(hooks);
  inbox.offer(message(0));
  for (let seq = 1; seq <= 120_000; seq++) {
    inbox.offer(message(seq));
    assert.equal((await messages.next()).value?.seq, seq - 1);
  }
});
