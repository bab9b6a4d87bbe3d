import bootstrap from './bootstrap.schema.json' with { type: 'json' };
import castra from './castra.schema.json' with { type: 'json' };
import type { TomlPath } from './toml/meaning/meaning.ts';

/** The part of JSON Schema that our schemas use. */
export interface Schema {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  /** What each word of `enum` means. */
  readonly markdownEnumDescriptions?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly deprecated?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
}

/** The schema of a whole document. */
export interface DocumentSchema extends Schema {
  readonly definitions: Readonly<Record<string, Schema>>;
}

export const castraSchema = castra as unknown as DocumentSchema;
export const bootstrapSchema = bootstrap as unknown as DocumentSchema;

type Resolve = (schema: Schema) => Schema;

/** Follows the reference of a schema; what stands beside the `$ref` wins. */
const resolveIn =
  ({ definitions }: DocumentSchema): Resolve =>
  (schema) => {
    const name = schema.$ref?.split('/').at(-1);
    return name === undefined ? schema : { ...definitions[name], ...schema };
  };

/** The schema of what stands at a path of a document; undefined where the schema knows nothing. */
export function schemaAt(root: DocumentSchema, path: TomlPath): Schema | undefined {
  const resolve = resolveIn(root);
  let schema: Schema | undefined = root;
  for (const segment of path) {
    if (schema === undefined) return undefined;
    schema = step(schema, segment, resolve);
  }
  return schema;
}

function step(schema: Schema, segment: string | number, resolve: Resolve): Schema | undefined {
  // `[vms]` where `[[vms]]` is meant still is about VMs.
  const table = schema.items && typeof segment === 'string' && !/^\d+$/.test(segment) ? resolve(schema.items) : schema;
  if (table !== schema || schema.items === undefined) return property(table, String(segment), resolve);
  return resolve(schema.items);
}

function property(schema: Schema, key: string, resolve: Resolve): Schema | undefined {
  const known = Object.hasOwn(schema.properties ?? {}, key) ? schema.properties?.[key] : undefined;
  if (known) return resolve(known);
  return typeof schema.additionalProperties === 'object' ? resolve(schema.additionalProperties) : undefined;
}
