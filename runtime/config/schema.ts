import { type SchemaError, type Validate, validateBootstrap, validateCastra } from 'castra:schema-validator';
import { type Finding, type Findings, isUnfinished } from './findings/findings.ts';
import { suggest } from './findings/suggest.ts';
import { meantKey } from './findings/synonyms.ts';
import { bootstrapSchema, castraSchema, type DocumentSchema, schemaAt } from './schemaAt.ts';
import { nodeAt, pathFromPointer, type TomlPath } from './toml/meaning/meaning.ts';
import type { TableNode } from './toml/tree.ts';

/** What a kind of document may have, and the function compiled from that. */
export interface DocumentShape {
  readonly schema: DocumentSchema;
  readonly validate: Validate;
}

export const castraShape: DocumentShape = { schema: castraSchema, validate: validateCastra };
export const bootstrapShape: DocumentShape = { schema: bootstrapSchema, validate: validateBootstrap };

/** Checks the shape of a document: keys, types, ranges. What values mean together is checked afterwards. */
export function checkSchema(
  { schema, validate }: DocumentShape,
  value: unknown,
  tree: TableNode,
  findings: Findings,
): void {
  validate(value);
  for (const error of validate.errors ?? []) {
    // The branches of an anyOf say nothing that the anyOf itself does not.
    if (/\/anyOf\/\d/.test(error.schemaPath)) continue;
    if (!followsFromSyntax(tree, error)) findings.report(findingFor(error, tree, schema));
  }
}

/** A key that is there without a value, or would follow in a table that is still open, is not missing. */
function followsFromSyntax(tree: TableNode, error: SchemaError): boolean {
  const path = pathFromPointer(error.instancePath);
  const missing = error.params.missingProperty;
  return (
    typeof missing === 'string' && (isUnfinished(tree, path) || nodeAt(tree, [...path, missing]).rest.length === 0)
  );
}

function findingFor(error: SchemaError, tree: TableNode, schema: DocumentSchema): Finding {
  const path = pathFromPointer(error.instancePath);
  const name = displayName(path);
  const { params } = error;
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(path, String(params.additionalProperty), schema);
    case 'required':
      return {
        severity: 'error',
        code: 'config/missing-key',
        message: `${path.length === 0 ? 'The file' : name} needs \`${params.missingProperty}\`.`,
        help: helpForMissing(String(params.missingProperty)),
        path: [...path, String(params.missingProperty)],
        part: 'key',
      };
    case 'type': {
      const message = `${name} must be ${describeTypes(params.type)}, not ${describeActual(tree, path)}.`;
      return { severity: 'error', code: 'config/wrong-type', message, ...helpForHeader(error, path, tree), path };
    }
    case 'enum':
    case 'anyOf':
      return notAllowed(path, tree, schema);
    case 'minimum':
    case 'maximum': {
      const message = `${name} must be at ${error.keyword === 'minimum' ? 'least' : 'most'} ${params.limit}.`;
      return { severity: 'error', code: 'config/out-of-range', message, path };
    }
    default:
      return {
        severity: 'error',
        code: 'config/invalid-value',
        message: `${name} ${explainInvalid(error, path)}.`,
        path,
      };
  }
}

/** Never fatal: a newer Castra may know the key. */
function unknownKey(path: TomlPath, key: string, schema: DocumentSchema): Finding {
  const known = Object.keys(schemaAt(schema, path)?.properties ?? {});
  const meant = meantKey(key, known);
  return {
    severity: 'warning',
    code: 'config/unknown-key',
    message: `Unknown key \`${key}\` in ${displayName(path)}; it is ignored.`,
    help: meant ? `Did you mean \`${meant}\`?` : `Known keys: ${known.join(', ')}.`,
    path: [...path, key],
    part: 'key',
  };
}

function notAllowed(path: TomlPath, tree: TableNode, schema: DocumentSchema): Finding {
  const allowed = wordsAt(schema, path);
  const { node } = nodeAt(tree, path);
  const actual = node.kind === 'scalar' && node.value.kind === 'string' ? node.value.value : '';
  const meant = suggest(actual, allowed);
  return {
    severity: 'error',
    code: 'config/invalid-value',
    message: `${displayName(path)} must be one of ${allowed.map((word) => `"${word}"`).join(', ')}.`,
    ...(meant ? { help: `Did you mean "${meant}"?` } : {}),
    path,
  };
}

/** The words that a value may be. */
function wordsAt(schema: DocumentSchema, path: TomlPath): readonly string[] {
  const { enum: words, anyOf = [] } = schemaAt(schema, path) ?? {};
  return words ?? anyOf.flatMap((branch) => branch.enum ?? []);
}

/** `vms[0].port_forwards[1].host`, as a person would point at it. */
function displayName(path: TomlPath): string {
  if (path.length === 0) return 'the file';
  return `\`${path
    .map((part) => (/^\d+$/.test(String(part)) ? `[${part}]` : `.${part}`))
    .join('')
    .slice(1)}\``;
}

function helpForMissing(key: string): string {
  const examples: Readonly<Record<string, string>> = {
    version: 'Add `version = "0.2.0"` at the top.',
    project: 'Add a `[project]` table with a `name`.',
    vms: 'Add a `[[vms]]` table with a `name`.',
    name: 'Add `name = "…"`.',
    id: 'Add `id = "<role>-<index>"`, such as `id = "web-0"`.',
    host: 'Add `host = 0` for any free port, or a port number.',
    guest: 'Add the port that the guest listens on, such as `guest = 80`.',
  };
  return examples[key] ?? `Add \`${key}\`.`;
}

function describeTypes(types: unknown): string {
  const names: Readonly<Record<string, string>> = {
    string: 'a string (in quotes)',
    integer: 'a whole number',
    object: 'a table',
    array: 'an array',
    boolean: 'true or false',
  };
  return [types]
    .flat()
    .map((type) => names[String(type)] ?? String(type))
    .join(' or ');
}

/** `[vms]` where `[[vms]]` is meant. */
function helpForHeader({ params }: SchemaError, path: TomlPath, tree: TableNode): { help?: string } {
  const { node, header } = nodeAt(tree, path);
  if (params.type !== 'array' || node.kind !== 'table' || header === undefined) return {};
  return {
    help: `Write \`[[${path.filter((part) => !/^\d+$/.test(String(part))).join('.')}]]\`: each such header adds one element.`,
  };
}

function describeActual(tree: TableNode, path: TomlPath): string {
  const { node } = nodeAt(tree, path);
  if (node.kind === 'scalar' && node.value.kind === 'integer' && typeof node.value.value === 'bigint') {
    return 'one that large';
  }
  const names: Readonly<Record<string, string>> = {
    table: 'a table',
    tableArray: 'an array of tables',
    array: 'an array',
    string: 'a string',
    integer: 'a number',
    float: 'a fraction',
    boolean: 'a boolean',
    datetime: 'a date',
  };
  return names[node.kind === 'scalar' ? node.value.kind : node.kind] ?? 'this';
}

function explainInvalid(error: SchemaError, path: TomlPath): string {
  if (error.keyword === 'minItems') return 'must not be empty';
  if (error.keyword === 'minLength') return 'must not be empty';
  const rules: Readonly<Record<string, string>> = {
    bind: 'must be an IPv4 address, such as "127.0.0.1"',
    ssh_user: 'must be a user name: lower-case letters, digits, "_" and "-"',
    base_image_sha256: 'must be 64 hexadecimal digits',
    base_image_sha512: 'must be 128 hexadecimal digits',
    ready: 'must be "ssh", "none" or "serial:<regular expression>"',
  };
  if (path.at(-2) === 'mirrors') return 'must be an http:// or https:// URL';
  return rules[String(path.at(-1))] ?? 'is not valid';
}
