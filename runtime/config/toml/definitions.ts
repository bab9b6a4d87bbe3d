/*
 * What headers and entries define, by the rules smol-toml applies too: https://toml.io/en/v1.1.0#table
 *
 * After a conflict the first definition stays, and as much as possible of the later one joins it, so that one wrong
 * header gives one error and does not hide the keys below it.
 */
import type { Header, InlineTable, KeyPart, KeyValue, Section, TomlError, Value } from './syntax.ts';
import type { ArrayNode, ScalarNode, TableArrayNode, TableEntry, TableNode, TableOrigin } from './tree.ts';

export interface TableDraft extends TableNode {
  origin: TableOrigin;
  header: Header | undefined;
  readonly entries: Map<string, EntryDraft>;
}

interface TableArrayDraft extends TableArrayNode {
  readonly rows: [TableDraft, ...TableDraft[]];
}

type NodeDraft = TableDraft | TableArrayDraft | ArrayNode | ScalarNode;

interface EntryDraft extends TableEntry {
  readonly node: NodeDraft;
}

/** The document under construction. */
export interface Definitions {
  readonly root: TableDraft;
  readonly errors: TomlError[];
  /** Names whose conflict with headers has been reported; ten `[[vms]]` under one `vms = 1` are one mistake. */
  readonly conflicts: Set<NodeDraft>;
}

interface TableOptions {
  readonly header?: Header;
  readonly value?: InlineTable;
}

export function createTable(origin: TableOrigin, { header, value }: TableOptions = {}): TableDraft {
  return { kind: 'table', entries: new Map(), origin, header, value };
}

/** Applies a header and the entries below it. */
export function defineSection(definitions: Definitions, section: Section): void {
  const { header, entries } = section;
  const opened = openTable(definitions, header);
  // Names repeated below a repeated header are the same mistake again, so they are not reported.
  const errors = opened?.isRepeated === true ? [] : definitions.errors;
  defineEntries(errors, opened?.table ?? createTable('header', { header }), entries);
}

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

/** The table that holds the last part of a dotted key; undefined, and reported, when a part is no open table. */
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

function explainDottedKey(part: KeyPart, node: NodeDraft): Pick<TomlError, 'code' | 'message'> {
  if (node.kind !== 'table') return { code: 'not-a-table', message: `${part.text} is not a table` };
  const message =
    node.origin === 'inline'
      ? `The inline table ${part.text} is complete and cannot be extended`
      : `The table ${part.text} has a header and cannot be extended with dotted keys`;
  return { code: 'redefined-table', message };
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

/** The table a header path goes on in: the table itself, or the last row of an array of tables. */
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

/** The definition of a name, if it has one: a key without a value reserves nothing. */
function findDefined(table: TableDraft, part: KeyPart): EntryDraft | undefined {
  const entry = table.entries.get(part.text);
  const isPlaceholder = entry?.node.kind === 'scalar' && entry.node.value.kind === 'missing';
  return isPlaceholder ? undefined : entry;
}

function conflict(part: KeyPart, first: TableEntry, finding: Pick<TomlError, 'code' | 'message'>): TomlError {
  const related = { from: first.key.from, to: first.key.to };
  return { from: part.from, to: part.to, code: finding.code, message: finding.message, related };
}

type Finding = Pick<TomlError, 'code' | 'message'> & { readonly entry: EntryDraft };

function reportOnce(definitions: Definitions, part: KeyPart, finding: Finding): void {
  if (definitions.conflicts.has(finding.entry.node)) return;
  definitions.conflicts.add(finding.entry.node);
  definitions.errors.push(conflict(part, finding.entry, finding));
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
