import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHello, parseHello } from '../../../../runtime/broker/protocol/handshake.ts';

const hello = (line: string) => {
  const result = parseHello(line);
  return result.kind === 'hello' ? result.hello : result.reason;
};

describe('a hello line', () => {
  it('has an identity, with or without `vm:`, and capabilities', () => {
    assert.deepEqual(hello('hello vm:web-0 capabilities=bus-v1'), { identity: 'web-0', capabilities: ['bus-v1'] });
    assert.deepEqual(hello('HELLO web-0'), { identity: 'web-0', capabilities: [] });
    assert.deepEqual(hello('  hello   vm:web-0   CAPABILITIES=b,a , other=1 '), {
      identity: 'web-0',
      capabilities: ['a', 'b'],
    });
  });

  it('may repeat capabilities: each counts once, as first spelled', () => {
    assert.deepEqual(hello('hello vm:x capabilities=Bus-V1,,ssh capabilities=bus-v1'), {
      identity: 'x',
      capabilities: ['Bus-V1', 'ssh'],
    });
  });

  it('may have a token', () => {
    assert.deepEqual(hello('hello vm:x capabilities=bus-v1 token=abc'), {
      ...{ identity: 'x', capabilities: ['bus-v1'], token: 'abc' },
    });
  });

  it('is refused with the reason', () => {
    assert.match(String(hello('')), /empty/);
    assert.match(String(hello('GET / HTTP/1.1')), /unexpected keyword "GET"/);
    assert.match(String(hello('hello')), /missing identity/);
    assert.match(String(hello('hello vm:')), /empty identity/);
    assert.match(String(hello(`hello vm:${'x'.repeat(129)}`)), /128/);
  });

  it('is told from a frame', () => {
    assert.ok(isHello('hello vm:web-0'));
    assert.ok(!isHello('{"type":"hello "}'));
    assert.ok(!isHello('hello'));
  });
});
