/*
 * What keys with values define, by the rules smol-toml applies too: https://toml.io/en/v1.1.0#keys
 * After a conflict the first definition stays.
 */

import type { KeyPart, KeyValue, TomlError, Value } from '../syntax.ts';
import { conflict, createTable, type Finding, findDefined, type NodeDraft, type TableDraft } from './drafts.ts';

/** Adds `entries` to `table`, and what is wrong with them to `errors`. */
export function defineEntries(errors: TomlError[], table: TableDraft, entries: readonly KeyValue[]): void {
  for (const entry of entries) defineEntry(errors, table, entry);
}

function defineEntry(errors: TomlError[], table: TableDraft, keyValue: KeyValue): void {
  const name = keyValue.key.parts.at(-1);
  if (name === undefined || !keyValue.key.isComplete) return;
  const target = walkDottedKey(errors, table, keyValue);
  if (target === undefined) return;
  const existing = findDefined(target, name);
  if (existing === undefined) {
    const node = buildValue(errors, keyValue.value);
    target.entries.set(name.text, { key: name, node, keyValue, header: undefined });
  } else if (keyValue.value.kind !== 'missing') {
    errors.push(conflict(name, existing, { code: 'duplicate-key', message: `The key ${name.text} is defined twice` }));
  }
}

/** The table that holds the last part of a dotted key; undefined, and reported, when a part is not an open table. */
function walkDottedKey(errors: TomlError[], from: TableDraft, keyValue: KeyValue): TableDraft | undefined {
  let table = from;
  for (const part of keyValue.key.parts.slice(0, -1)) {
    const entry = findDefined(table, part);
    if (entry === undefined) {
      const added = createTable('dotted');
      table.entries.set(part.text, { key: part, node: added, keyValue, header: undefined });
      table = added;
    } else if (entry.node.kind === 'table' && acceptsDottedKeys(entry.node)) {
      table = entry.node;
    } else {
      errors.push(conflict(part, entry, explainDottedKey(part, entry.node)));
      return undefined;
    }
  }
  return table;
}

/**
 * smol-toml closes a table implied by `[a.b]` to dotted keys and leaves one implied by `[[a.b]]` open. The
 * specification can be read both ways, and what the command line accepts is what counts.
 */
function acceptsDottedKeys(table: TableDraft): boolean {
  return table.origin === 'dotted' || table.origin === 'implied-by-array';
}

function explainDottedKey(part: KeyPart, node: NodeDraft): Finding {
  if (node.kind !== 'table') return { code: 'not-a-table', message: `${part.text} is not a table` };
  const message =
    node.origin === 'inline'
      ? `The inline table ${part.text} is complete and cannot be extended`
      : `The table ${part.text} has a header and cannot be extended with dotted keys`;
  return { code: 'redefined-table', message };
}

function buildValue(errors: TomlError[], value: Value): NodeDraft {
  if (value.kind === 'array') {
    return { kind: 'array', items: value.items.map((item) => buildValue(errors, item)), value };
  }
  if (value.kind !== 'inline') return { kind: 'scalar', value };
  const table = createTable('inline', { value });
  defineEntries(errors, table, value.entries);
  closeDottedTables(table);
  return table;
}

/** Once the brace is closed, tables that dotted keys made inside are as complete as the inline table itself. */
function closeDottedTables(table: TableDraft): void {
  for (const { node } of table.entries.values()) {
    if (node.kind !== 'table' || node.origin !== 'dotted') continue;
    node.origin = 'inline';
    closeDottedTables(node);
  }
}
