import assert from 'node:assert/strict';
import { it } from 'node:test';
import { pathKey, pathKeys } from '../../../runtime/config/pathKeys.ts';
import { bootstrapSchema, castraSchema, type DocumentSchema, schemaAt } from '../../../runtime/config/schemaAt.ts';

type Path = readonly (string | number)[];

/** The paths of all strings of a schema that are described as files of the host. */
function described(schema: DocumentSchema, path: Path = []): Path[] {
  const table = schemaAt(schema, path)?.items ? [...path, 0] : path;
  return Object.keys(schemaAt(schema, table)?.properties ?? {}).flatMap((key) => {
    const inner = [...table, key];
    const own = schemaAt(schema, inner);
    const isPath = own?.type === 'string' && /\brelative to this (?:file|one)\b/i.test(own.description ?? '');
    return [...(isPath ? [inner] : []), ...described(schema, inner)];
  });
}

it('the keys with a path are those that schema and docs/castra-toml.md describe as relative to the file', () => {
  const paths = [...described(castraSchema), ...described(bootstrapSchema)];
  const names = paths.map((path) => path.filter((part) => typeof part === 'string').join('.'));
  assert.deepEqual(names.sort(), Object.keys(pathKeys).sort());
  for (const path of paths) assert.equal(pathKey(path)?.name, path.at(-1));
});
