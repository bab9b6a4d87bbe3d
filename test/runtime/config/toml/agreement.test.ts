import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Span } from '../../../../runtime/config/toml/syntax.ts';
import { compare, findKnownDifference, judge, type Verdicts } from './agreement.ts';
import { INVALID, PROJECT, VALID } from './fixtures.ts';
import { createDefinitions, createMutator } from './fuzz.ts';
import { FORBIDDEN, SPECIFIED } from './specification.ts';
import { walkSpans } from './walkSpans.ts';

const VALID_DOCUMENTS = [...Object.values(VALID).flat(), PROJECT];
const INVALID_DOCUMENTS = Object.values(INVALID).flat();

function show({ text, errors, value, smol }: Verdicts): string {
  const inspect = (data: unknown) =>
    JSON.stringify(data, (_key, item) => (typeof item === 'bigint' ? `${item}n` : item));
  return [compare({ text, errors, value, smol }), text, inspect({ errors, value, smol })].join('\n');
}

test('our corpus is large enough to mean something', () => {
  assert.ok(VALID_DOCUMENTS.length >= 80);
  assert.ok(INVALID_DOCUMENTS.length >= 150);
});

for (const [group, documents] of [...Object.entries(VALID), ...Object.entries(SPECIFIED)]) {
  test(`valid ${group} have no error and the value smol-toml reads`, () => {
    for (const text of documents) {
      const verdicts = judge(text);
      assert.deepEqual(verdicts.errors, [], text);
      assert.equal(compare(verdicts), 'same', show(verdicts));
    }
  });
}

for (const [group, documents] of [...Object.entries(INVALID), ...Object.entries(FORBIDDEN)]) {
  test(`invalid ${group} are refused by us and by smol-toml`, () => {
    for (const text of documents) {
      const verdicts = judge(text);
      assert.notDeepEqual(verdicts.errors, [], text);
      if (compare(verdicts) !== 'same') assert.ok(findKnownDifference(verdicts), show(verdicts));
    }
  });
}

test('the known differences are real', () => {
  const examples = [
    'a = 9223372036854775808',
    'a = 2023-02-29',
    'a = 1979-05-27T07:32:00+0700',
    '[[a.b.c]]\n[a.b]\nx = 1\n[a]\nb.y = 2',
    'a = 23:59:60',
    'a = """\\\n""""',
  ];
  const reasons = examples.map((text) => findKnownDifference(judge(text))?.reason);
  assert.equal(new Set(reasons.filter((reason) => reason !== undefined)).size, examples.length);
});

function assertSound(verdicts: Verdicts): void {
  const { text, errors } = verdicts;
  const isInside = ({ from, to }: Span) => from >= 0 && from <= to && to <= text.length;
  assert.ok([...errors, ...walkSpans(text)].every(isInside), text);
  if (compare(verdicts) !== 'same') assert.ok(findKnownDifference(verdicts), show(verdicts));
}

test('20,000 mutated documents: nothing throws, ranges stay inside, and smol-toml agrees', () => {
  const mutator = createMutator(VALID_DOCUMENTS, 20261123);
  for (let count = 0; count < 20_000; count++) assertSound(judge(mutator.next()));
});

test('10,000 random sequences of headers and keys: smol-toml agrees on what redefines what', () => {
  const definitions = createDefinitions(20261123);
  for (let count = 0; count < 10_000; count++) assertSound(judge(definitions.next()));
});
