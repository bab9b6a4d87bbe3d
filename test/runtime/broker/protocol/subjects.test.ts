import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPattern, isTopic, matches } from '../../../../runtime/broker/protocol/subjects.ts';

describe('topics', () => {
  it('are words with dots between; `vm:name` is one', () => {
    for (const topic of ['broadcast', 'a.b.c', 'vm:web-0', 'größe.日本', 'A_b-c']) assert.ok(isTopic(topic), topic);
  });

  it('have no white space, wildcards, quotes or controls, and an end', () => {
    const bad = [
      '',
      '.',
      'a.',
      '.a',
      'a..b',
      'a b',
      'a\nb',
      'a.*',
      'a.>',
      'a"b',
      'a\\b',
      'a\u001bb',
      'x'.repeat(257),
      'é'.repeat(129),
    ];
    for (const topic of bad) assert.ok(!isTopic(topic), JSON.stringify(topic));
  });

  it('may be subscribed to by pattern', () => {
    for (const pattern of ['>', '*', 'a.*', '*.b', 'a.>', '*.*.>', 'a.b']) assert.ok(isPattern(pattern), pattern);
    for (const pattern of ['', '>.a', 'a.>.b', 'a*', 'a.b*', '>>', 'a.']) assert.ok(!isPattern(pattern), pattern);
  });

  it('match as subjects of NATS do', () => {
    const cases: readonly (readonly [pattern: string, topic: string, does: boolean])[] = [
      ['a.b', 'a.b', true],
      ['a.b', 'a.b.c', false],
      ['a.*', 'a.b', true],
      ['a.*', 'a', false],
      ['a.*', 'a.b.c', false],
      ['*.b', 'a.b', true],
      ['a.>', 'a.b', true],
      ['a.>', 'a.b.c.d', true],
      ['a.>', 'a', false],
      ['>', 'a', true],
      ['>', 'vm:web-0', true],
      ['*.*.>', 'a.b.c', true],
      ['*.*.>', 'a.b', false],
      ['A.b', 'a.b', false],
    ];
    for (const [pattern, topic, does] of cases) assert.equal(matches(pattern, topic), does, `${pattern} ${topic}`);
  });
});
