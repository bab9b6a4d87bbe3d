import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

interface Shape {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Shape>>;
}

const schema = JSON.parse(readFileSync('runtime/config/castra.schema.json', 'utf8')) as Shape & {
  readonly definitions: Readonly<Record<string, Shape>>;
};

/** Every key of castra.toml with the table it stands in, references followed. */
const keys = [['castra.toml', schema] as const, ...Object.entries(schema.definitions)].flatMap(([table, shape]) =>
  Object.entries(shape.properties ?? {}).map(([key, own]) => {
    const name = own.$ref?.split('/').at(-1);
    const target = name === undefined ? own : schema.definitions[name];
    return { key: `${table}.${key}`, isRequired: shape.required?.includes(key) ?? false, own, target };
  }),
);

describe('castra.schema.json, which editors show', () => {
  it('describes every key', () => {
    assert.ok(keys.length > 50);
    const silent = keys.filter(({ own, target }) => !own.description && !target?.description);
    assert.deepEqual(
      silent.map(({ key }) => key),
      [],
    );
  });

  it('says of every key that may be left out what holds then', () => {
    const unsaid = keys.filter(({ isRequired, own, target }) => {
      const said = /Default: |Without it |No longer supported/.test(own.description ?? '');
      return !isRequired && own.default === undefined && !said && target?.type !== 'object';
    });
    assert.deepEqual(
      unsaid.map(({ key }) => key),
      [],
    );
  });
});
