/*
 * What headers define, by the rules smol-toml applies too: https://toml.io/en/v1.1.0#table
 *
 * As much as possible of a table that is in conflict joins the first definition, so that one wrong header gives one
 * error and does not hide the keys below it.
 */

import type { Header, KeyPart, Section, TomlError } from '../syntax.ts';
import {
  conflict,
  createTable,
  type EntryDraft,
  type Finding,
  findDefined,
  type NodeDraft,
  type TableDraft,
} from './drafts.ts';
import { defineEntries } from './entryDefinitions.ts';

/** The document under construction. */
export interface Definitions {
  readonly root: TableDraft;
  readonly errors: TomlError[];
  /** Names whose conflict with headers has been reported; ten `[[vms]]` under one `vms = 1` are one mistake. */
  readonly conflicts: Set<NodeDraft>;
}

/** Applies a header and the entries below it. */
export function defineSection(definitions: Definitions, section: Section): void {
  const { header, entries } = section;
  const opened = openTable(definitions, header);
  // Names repeated below a repeated header are the same mistake again, so they are not reported.
  const errors = opened?.isRepeated === true ? [] : definitions.errors;
  defineEntries(errors, opened?.table ?? createTable('header', { header }), entries);
}

interface OpenedTable {
  readonly table: TableDraft;
  readonly isRepeated: boolean;
}

/** The table a header opens; undefined when it opens none, because it is half typed or in conflict. */
function openTable(definitions: Definitions, header: Header): OpenedTable | undefined {
  const name = header.key?.parts.at(-1);
  if (name === undefined || header.key?.isComplete !== true) return undefined;
  const parent = walkHeader(definitions, header, header.key.parts.slice(0, -1));
  if (parent === undefined) return undefined;
  const existing = findDefined(parent, name);
  if (existing === undefined) return { table: addTable(parent, name, header), isRepeated: false };
  return header.isArray
    ? openRow(definitions, { parent, name, header, existing })
    : openSingle(definitions, { parent, name, header, existing });
}

interface Opening {
  readonly parent: TableDraft;
  readonly name: KeyPart;
  readonly header: Header;
  readonly existing: EntryDraft;
}

function walkHeader(definitions: Definitions, header: Header, parts: readonly KeyPart[]): TableDraft | undefined {
  let table = definitions.root;
  for (const part of parts) {
    const entry = findDefined(table, part);
    const next = entry === undefined ? implyTable(table, part, header) : enter(entry.node);
    if (next === undefined && entry !== undefined) {
      const isInline = entry.node.kind === 'table';
      const message = isInline ? `The inline table ${part.text} is complete` : `${part.text} is not a table`;
      reportOnce(definitions, part, { entry, code: 'not-a-table', message });
    }
    if (next === undefined) return undefined;
    table = next;
  }
  return table;
}

function implyTable(table: TableDraft, part: KeyPart, header: Header): TableDraft {
  const node = createTable(header.isArray ? 'implied-by-array' : 'implied', { header });
  table.entries.set(part.text, { key: part, node, keyValue: undefined, header });
  return node;
}

/** The table in which a header path continues: the table itself, or the last row of an array of tables. */
function enter(node: NodeDraft): TableDraft | undefined {
  if (node.kind === 'tableArray') return node.rows.at(-1);
  return node.kind === 'table' && node.origin !== 'inline' ? node : undefined;
}

function addTable(parent: TableDraft, name: KeyPart, header: Header): TableDraft {
  const table = createTable('header', { header });
  const node: NodeDraft = header.isArray ? { kind: 'tableArray', rows: [table] } : table;
  parent.entries.set(name.text, { key: name, node, keyValue: undefined, header });
  return table;
}

function openRow(definitions: Definitions, { parent, name, header, existing }: Opening): OpenedTable | undefined {
  const { node } = existing;
  const row = createTable('header', { header });
  if (node.kind === 'tableArray') {
    node.rows.push(row);
    return { table: row, isRepeated: false };
  }
  const message = `${name.text} is defined already and is not an array of tables`;
  reportOnce(definitions, name, { entry: existing, code: 'redefined-table', message });
  if (node.kind !== 'table' || node.origin === 'inline' || node.origin === 'dotted') return undefined;
  // `[vms]` above `[[vms]]` most likely lacks its second brackets: make it the first row.
  parent.entries.set(name.text, { ...existing, node: { kind: 'tableArray', rows: [node, row] } });
  return { table: row, isRepeated: false };
}

function openSingle(definitions: Definitions, { parent, name, header, existing }: Opening): OpenedTable | undefined {
  const { node } = existing;
  if (node.kind === 'table' && (node.origin === 'implied' || node.origin === 'implied-by-array')) {
    node.origin = 'header';
    node.header = header;
    parent.entries.set(name.text, { ...existing, key: name, header });
    return { table: node, isRepeated: false };
  }
  if (node.kind === 'tableArray') {
    const message = `${name.text} is an array of tables; write [[${name.text}]]`;
    definitions.errors.push(conflict(name, existing, { code: 'redefined-table', message }));
    const row = createTable('header', { header });
    node.rows.push(row);
    return { table: row, isRepeated: false };
  }
  const message = `${name.text} is defined twice`;
  definitions.errors.push(conflict(name, existing, { code: 'redefined-table', message }));
  return node.kind === 'table' && node.origin === 'header' ? { table: node, isRepeated: true } : undefined;
}

type EntryFinding = Finding & { readonly entry: EntryDraft };

function reportOnce(definitions: Definitions, part: KeyPart, finding: EntryFinding): void {
  if (definitions.conflicts.has(finding.entry.node)) return;
  definitions.conflicts.add(finding.entry.node);
  definitions.errors.push(conflict(part, finding.entry, finding));
}
