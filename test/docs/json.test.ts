import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { exitCodes } from '../../runtime/contract/failures.ts';
import { CONTRACT } from '../../runtime/contract/stream.ts';

const page = readFileSync('docs/json.md', 'utf8');
/** All of the contract but the lines that are no events. */
const source = readdirSync('runtime/contract')
  .filter((name) => name !== 'stream.ts')
  .map((name) => readFileSync(`runtime/contract/${name}`, 'utf8').replaceAll(/\/\*\*[\s\S]*?\*\//g, ''))
  .join('\n');

/** The fields of LogOrigin, which every log event has besides its own; image events have `vms`. */
const ORIGIN = /interface LogOrigin \{([^}]*)\}/.exec(source)?.[1] ?? '';
const fieldsIn = (text: string) =>
  [...text.matchAll(/readonly (\w+\??):/g)].map(([, name]) => String(name)).filter((name) => name !== 'type');

/** Every event type with its fields, as runtime/contract declares them. */
function declared(): Map<string, string[]> {
  const events = new Map<string, string[]>();
  for (const [body] of source.matchAll(/\{\s*readonly type:[^}]*\}/g)) {
    const types = [...(/readonly type:([^;}]*)/.exec(body)?.[1] ?? '').matchAll(/'([^']+)'/g)].map(([, type]) => type);
    for (const type of types.map(String)) {
      const origin = type.startsWith('log.') ? fieldsIn(ORIGIN) : type.startsWith('image.') ? ['vms'] : [];
      events.set(type, [...origin, ...fieldsIn(body)].sort());
    }
  }
  return events;
}

/** The same, as the tables of the page have them. */
function documented(): Map<string, string[]> {
  const [, events = ''] = page.split('\n## Events\n');
  const rows = [...events.matchAll(/^\| `([^`]+)` *\| ([^|]*)\|/gm)];
  return new Map(rows.map(([, type, fields]) => [String(type), (fields?.match(/[\w?]+/g) ?? []).sort()]));
}

describe('docs/json.md', () => {
  it('has every event of runtime/contract with exactly its fields, and no other', () => {
    const events = declared();
    assert.ok(events.size > 35, `${events.size} events were found`);
    assert.deepEqual([...documented()].sort(), [...events].sort());
  });

  it('has every kind of failure with its exit code', () => {
    const rows = [...page.matchAll(/^\| (\d+) +\| (`.*?) *\|$/gm)];
    const known = rows.flatMap(([, code, kinds]) =>
      [...(kinds ?? '').matchAll(/`([^`]+)`/g)].map(([, kind]) => [kind, Number(code)]),
    );
    assert.deepEqual(Object.fromEntries(known), exitCodes);
  });

  it('names the version of the contract, and its example is a stream', () => {
    assert.ok(page.includes(`\`contract\` is ${CONTRACT}`));
    const [, example = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? [];
    const lines = example
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly type: string });
    assert.equal(lines[0]?.type, 'stream.started');
    assert.equal(lines.at(-1)?.type, 'command.completed');
  });
});
