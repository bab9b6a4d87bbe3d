import type { Header, KeyPart, KeyValue, Span, TomlDocument, TomlError } from '../syntax.ts';
import type { TableNode, TomlNode } from '../tree.ts';
import { createTable } from './drafts.ts';
import { defineEntries } from './entryDefinitions.ts';
import { type Definitions, defineSection } from './headerDefinitions.ts';
import { type PlainTable, type ReadFloat, toPlainTable } from './values.ts';

export interface TomlMeaning {
  readonly tree: TableNode;
  /** What the document says as plain data, as far as it can be understood. */
  readonly value: PlainTable;
  /** Duplicate keys and redefined tables in the order of the text, each with its first definition as `related`. */
  readonly errors: readonly TomlError[];
}

/** Finds out what a document defines. Never throws, and makes the most of a document with errors. */
export function analyzeToml(document: TomlDocument, readFloat: ReadFloat = (value) => value): TomlMeaning {
  const definitions: Definitions = { root: createTable('root'), errors: [], conflicts: new Set() };
  defineEntries(definitions.errors, definitions.root, document.root.entries);
  for (const section of document.root.sections) defineSection(definitions, section);
  const errors = definitions.errors.toSorted((a, b) => a.from - b.from);
  return { tree: definitions.root, value: toPlainTable(definitions.root, readFloat), errors };
}

/** Names of keys, and indexes of arrays as numbers or, as in a JSON pointer, as decimal strings. */
export type TomlPath = readonly (string | number)[];

/** The deepest node on a path, with the definition that leads there. */
export interface NodeLocation {
  readonly node: TomlNode;
  /** The name of the node, or of the array it is an item of; undefined for the document itself. */
  readonly key: KeyPart | undefined;
  /** The entry that defines the node or contains it; undefined for what headers define. */
  readonly keyValue: KeyValue | undefined;
  /** The header that defines the node, when no entry does. */
  readonly header: Header | undefined;
  /** What of the path does not exist below the node; empty when the node is the one asked for. */
  readonly rest: TomlPath;
}

const NOTHING: TomlPath = [];

/** Follows `path` through the tree as far as it exists. */
export function nodeAt(tree: TableNode, path: TomlPath): NodeLocation {
  let location: NodeLocation = { node: tree, key: undefined, keyValue: undefined, header: tree.header, rest: NOTHING };
  for (let depth = 0; depth < path.length; depth++) {
    const next = step(location, path[depth] ?? '');
    if (next === undefined) return { ...location, rest: path.slice(depth) };
    location = next;
  }
  return location;
}

function step(location: NodeLocation, segment: string | number): NodeLocation | undefined {
  const { node } = location;
  switch (node.kind) {
    case 'table': {
      const entry = node.entries.get(String(segment));
      if (entry === undefined) return undefined;
      return { node: entry.node, key: entry.key, keyValue: entry.keyValue, header: entry.header, rest: NOTHING };
    }
    case 'tableArray': {
      const row = node.rows[Number(segment)];
      return (
        row && { node: row, key: row.header?.key?.parts.at(-1), keyValue: undefined, header: row.header, rest: NOTHING }
      );
    }
    case 'array': {
      const item = node.items[Number(segment)];
      return item && { ...location, node: item };
    }
    case 'scalar':
      return undefined;
  }
}

/** Where to underline the value at a location: the value as written, else the header, else the name; undefined for the document. */
export function valueSpan(location: NodeLocation): Span | undefined {
  const { node, header, key } = location;
  if (node.kind !== 'tableArray' && 'value' in node && node.value !== undefined) return node.value;
  return header ?? key;
}

/** The path in ajv's `instancePath`, a JSON pointer such as `/vms/0/cpus`. */
export function pathFromPointer(pointer: string): TomlPath {
  const segments = pointer.split('/').slice(1);
  return segments.map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}
