import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseClientFrame } from '../../../../runtime/broker/protocol/clientFrames.ts';

const frame = (value: unknown) => {
  const parsed = parseClientFrame(typeof value === 'string' ? value : JSON.stringify(value));
  return parsed.kind === 'frame' ? parsed.frame : parsed;
};

describe('frames of clients', () => {
  it('mean the same in the order that Castra writes and in any other', () => {
    const quick = frame('{"type":"publish","ack":false,"topic":"a.b","payload":{"x":[1,2]}}');
    assert.deepEqual(quick, frame({ payload: { x: [1, 2] }, topic: 'a.b', ack: false, type: 'publish' }));
  });

  it('hide nothing behind the payload', () => {
    const trick = '{"type":"publish","ack":false,"topic":"a","payload":1,"topic":"castra.x"}';
    assert.deepEqual(frame(trick), {
      ...{ type: 'publish', topic: 'castra.x', hasTopic: true, payload: '1', ack: false, durable: false },
    });
    assert.equal(parseClientFrame('{"type":"publish","ack":false,"topic":"a","payload":1}}').kind, 'broken');
    assert.equal(parseClientFrame('{"type":"publish","ack":false,"topic":"a","payload":}').kind, 'broken');
  });

  it('have payloads on one line, whatever they were written on', () => {
    const parsed = frame('{"type":"publish","ack":false,"topic":"a","payload":{\n"x":\n1}}');
    assert.ok('payload' in parsed && parsed.payload === '{"x":1}');
  });

  it('default to `broadcast` and null', () => {
    assert.deepEqual(frame({ type: 'publish' }), {
      ...{ type: 'publish', topic: 'broadcast', hasTopic: false, payload: 'null', ack: true, durable: false },
    });
  });

  it('are refused one by one where the stream is sound', () => {
    const refused = [
      { type: 'publish', topic: 'a b' },
      { type: 'publish', topic: 7 },
      { type: 'publish', topic: 'a.*' },
      { type: 'subscribe' },
      { type: 'subscribe', topic: '  ' },
      { type: 'subscribe', topic: 'a', since: -1 },
      { type: 'subscribe', topic: 'a', durable: 'no spaces here' },
      { type: 'request', topic: 'a' },
      { type: 'request', id: 'x', topic: 'a', timeout_ms: 0 },
      { type: 'request', id: '"', topic: 'a' },
      { type: 'ack', durable: 'd' },
    ];
    for (const one of refused) assert.equal(parseClientFrame(JSON.stringify(one)).kind, 'refused', JSON.stringify(one));
  });

  it('are broken where they are no object with a type', () => {
    for (const text of ['', '{', '[]', '7', 'null', '"x"', '{}', '{"type":1}']) {
      assert.equal(parseClientFrame(text).kind, 'broken', text);
    }
  });

  it('of an unknown type are let pass', () => {
    assert.deepEqual(frame({ type: 'dance' }), { type: 'unknown', name: 'dance' });
  });
});
