import castra from './castra.schema.json' with { type: 'json' };
import type { TomlPath } from './toml/meaning.ts';

/** The part of JSON Schema that castra.schema.json uses. */
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

const root = castra as unknown as Schema & { readonly definitions: Readonly<Record<string, Schema>> };

/** A schema with its reference followed; what stands beside the `$ref` wins. */
function resolve(schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : { ...root.definitions[name], ...schema };
}

/** The schema of what stands at a path; undefined where the schema knows nothing. */
export function schemaAt(path: TomlPath): Schema | undefined {
  let schema: Schema | undefined = root;
  for (const segment of path) {
    if (schema === undefined) return undefined;
    schema = step(schema, segment);
  }
  return schema;
}

function step(schema: Schema, segment: string | number): Schema | undefined {
  // `[vms]` where `[[vms]]` is meant still is about VMs.
  const table = schema.items && typeof segment === 'string' && !/^\d+$/.test(segment) ? resolve(schema.items) : schema;
  if (table !== schema || schema.items === undefined) return property(table, String(segment));
  return resolve(schema.items);
}

function property(schema: Schema, key: string): Schema | undefined {
  const known = Object.hasOwn(schema.properties ?? {}, key) ? schema.properties?.[key] : undefined;
  if (known) return resolve(known);
  return typeof schema.additionalProperties === 'object' ? resolve(schema.additionalProperties) : undefined;
}
