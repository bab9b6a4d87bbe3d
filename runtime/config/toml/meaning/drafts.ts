import type { Header, InlineTable, KeyPart, TomlError } from '../syntax.ts';
import type { ArrayNode, ScalarNode, TableArrayNode, TableEntry, TableNode, TableOrigin } from '../tree.ts';

export interface TableDraft extends TableNode {
  origin: TableOrigin;
  header: Header | undefined;
  readonly entries: Map<string, EntryDraft>;
}

interface TableArrayDraft extends TableArrayNode {
  readonly rows: [TableDraft, ...TableDraft[]];
}

export type NodeDraft = TableDraft | TableArrayDraft | ArrayNode | ScalarNode;

export interface EntryDraft extends TableEntry {
  readonly node: NodeDraft;
}

interface TableOptions {
  readonly header?: Header;
  readonly value?: InlineTable;
}

export function createTable(origin: TableOrigin, { header, value }: TableOptions = {}): TableDraft {
  return { kind: 'table', entries: new Map(), origin, header, value };
}

/** The definition of a name, if it has one: a key without a value reserves nothing. */
export function findDefined(table: TableDraft, part: KeyPart): EntryDraft | undefined {
  const entry = table.entries.get(part.text);
  const isPlaceholder = entry?.node.kind === 'scalar' && entry.node.value.kind === 'missing';
  return isPlaceholder ? undefined : entry;
}

export type Finding = Pick<TomlError, 'code' | 'message'>;

/** An error on the later of two definitions, related to the first one. */
export function conflict(part: KeyPart, first: TableEntry, finding: Finding): TomlError {
  const related = { from: first.key.from, to: first.key.to };
  return { from: part.from, to: part.to, code: finding.code, message: finding.message, related };
}
