import { shapeOf } from '../../text/keyDescriptions.ts';
import { type DocumentSchema, type Schema, schemaAt, typesOf } from '../../text/schema.ts';

type Path = readonly (string | number)[];

/** `key = value` for each required key of a table, with tab stops; no defaults, which are not needed. */
export function requiredEntries(root: DocumentSchema, path: Path): string[] {
  const table = shapeOf(root, path) === 'tables' ? [...path, 0] : path;
  const required = schemaAt(root, table)?.required ?? [];
  return required.map((key, index) => `${key} = ${scalarSkeleton(schemaAt(root, [...table, key]), index + 1)}`);
}

function scalarSkeleton(schema: Schema | undefined, stop: number): string {
  return schema && typesOf(schema)[0] === 'string' ? `"$${stop}"` : `$${stop}`;
}

/** A table in braces with its required keys. */
export function tableSkeleton(root: DocumentSchema, path: Path): string {
  const entries = requiredEntries(root, path);
  return `{ ${entries.length > 0 ? entries.join(', ') : '$1'} }`;
}

/** What a value of this place looks like before anything is in it; with tab stops. */
export function valueSkeleton(root: DocumentSchema, path: Path): string {
  const shape = shapeOf(root, path);
  if (shape === 'table') return tableSkeleton(root, path);
  if (shape === 'tables') return `[${tableSkeleton(root, path)}]`;
  const schema = schemaAt(root, path);
  if (schema?.type === 'array') return '["$1"]';
  return scalarSkeleton(schema, 1);
}
