import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadGrammar, tokenize } from '../support/textmate.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly definitions?: Readonly<Record<string, Schema>>;
}

const schema: Schema = JSON.parse(readFileSync(join(process.cwd(), 'runtime/config/castra.schema.json'), 'utf8'));
const grammar = await loadGrammar('source.toml.castra');

function resolve(node: Schema): Schema {
  const name = node.$ref?.replace('#/definitions/', '');
  return name === undefined ? node : (schema.definitions?.[name] ?? {});
}

/** The headers of all tables below `node`, as `a.b`. */
function tablesOf(node: Schema, path: readonly string[] = []): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, property]) => {
    const resolved = resolve(property);
    const forms = [resolved, ...(resolved.anyOf ?? [])].map(resolve);
    const tables = [...forms, ...forms.map(({ items }) => resolve(items ?? {}))].filter(
      ({ type }) => type === 'object',
    );
    const here = [...path, key];
    return tables.flatMap((table) => [here.join('.'), ...tablesOf(table, here)]);
  });
}

/** The parts of a header that look like a table Castra knows. */
function known(header: string): string[] {
  const [line] = tokenize(grammar, header);
  const tokens = (line?.tokens ?? []).filter(({ scopes }) => scopes.includes('support.class.table.toml'));
  return tokens.map(({ from, to }) => header.slice(from, to));
}

describe('the header of a table', () => {
  for (const table of tablesOf(schema)) {
    test(`looks known when it is ${table}`, () => {
      assert.deepEqual(known(`[${table}]`), table.split('.'));
      assert.deepEqual(known(`[[ ${table.replaceAll('.', ' . ')} ]]`), table.split('.'));
    });
  }

  for (const table of ['verify', 'ssh', 'env']) {
    test(`looks known when it is ${table} of a bootstrap.toml`, () => {
      assert.deepEqual(known(`[${table}]`), [table]);
    });
  }

  test('looks unknown when it only begins or ends like a known one', () => {
    for (const table of ['vm', 'vms-1', 'vms_', 'a.vms', 'projects', '"vms"']) {
      assert.deepEqual(known(`[${table}]`), [], table);
    }
    assert.deepEqual(known('[vms.other]'), ['vms']);
    assert.deepEqual(known('[vms.instances-2]'), ['vms']);
    assert.deepEqual(known('[vms.instances.other]'), ['vms', 'instances']);
  });
});
