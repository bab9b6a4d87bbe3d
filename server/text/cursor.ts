import type { TomlPath } from '../../runtime/config/toml/meaning/meaning.ts';
import type {
  Header,
  InlineTable,
  KeyPart,
  KeyValue,
  Section,
  Span,
  TomlDocument,
  Value,
} from '../../runtime/config/toml/syntax.ts';
import type { TableNode } from '../../runtime/config/toml/tree.ts';
import { sectionPath } from './sections.ts';

/** What a person is about to write, or looks at, at one place of a document. */
export type Cursor =
  | { readonly kind: 'comment'; readonly comment: Span }
  /** In the name of a table header. */
  | {
      readonly kind: 'header';
      readonly header: Header;
      /** The parts before the one under the cursor. */
      readonly before: readonly string[];
      /** The part under the cursor: empty where one is to be written. */
      readonly part: Span;
    }
  /** In a key, or where one may begin. */
  | {
      readonly kind: 'key';
      /** The table that the key is of, dotted parts before the cursor included. */
      readonly table: TomlPath;
      readonly part: Span;
      readonly isQuoted: boolean;
      /** The entry that the key belongs to, once there is something of it. */
      readonly entry?: KeyValue;
      readonly inline?: InlineTable;
    }
  /** In a value, or where one belongs. */
  | {
      readonly kind: 'value';
      readonly path: TomlPath;
      readonly value: Value;
      readonly entry: KeyValue;
    };

/** What stands at an offset. Works in documents that are broken: they are, while the user types. */
export function cursorAt(document: TomlDocument, tree: TableNode, offset: number): Cursor {
  const comment = document.comments.find(({ from, to }) => from < offset && offset <= to);
  if (comment) return { kind: 'comment', comment };
  const section = document.root.sections.findLast(({ from }) => from <= offset);
  if (section && isInHeader(section.header, offset, document.text)) return inHeader(section.header, offset);
  const table = section ? sectionPath(tree, section) : [];
  const entries = section ? section.entries : document.root.entries;
  return inEntries(entries, { table }, { offset, text: document.text }) ?? emptyKey(table, offset);
}

/** Behind a closed header, on its line, nothing can be written but a comment; that counts as the header still. */
function isInHeader({ from, to, isClosed }: Header, offset: number, text: string): boolean {
  if (offset < from) return false;
  if (offset <= to) return true;
  return !isClosed && !text.slice(to, offset).includes('\n');
}

function inHeader(header: Header, offset: number): Cursor {
  const parts = header.key?.parts ?? [];
  const at = partAt(parts, offset);
  return { kind: 'header', header, before: parts.slice(0, at.index).map(({ text }) => text), part: at.span };
}

/** The part of a dotted key that an offset is in, or the place of the one that would stand there. */
function partAt(parts: readonly KeyPart[], offset: number): { readonly index: number; readonly span: Span } {
  const index = parts.findIndex(({ from, to }) => from <= offset && offset <= to);
  const found = parts[index];
  if (found) return { index, span: found };
  return { index: parts.filter(({ to }) => to < offset).length, span: { from: offset, to: offset } };
}

interface Spot {
  readonly offset: number;
  readonly text: string;
}

/** The table that entries are of; `inline` when it is in braces. */
interface Owner {
  readonly table: TomlPath;
  readonly inline?: InlineTable;
}

function inEntries(entries: readonly KeyValue[], owner: Owner, spot: Spot): Cursor | undefined {
  const { offset, text } = spot;
  const entry = entries.findLast(({ from }) => from <= offset);
  if (entry === undefined) return undefined;
  if (offset <= entry.key.to && (entry.equals === undefined || offset <= entry.equals)) {
    return inKey(entry, owner, offset);
  }
  if (entry.equals === undefined || offset <= entry.equals) {
    return onSameLine(entry.to, offset, text) ? inKey(entry, owner, offset) : undefined;
  }
  if (!reaches(entry, spot)) return undefined;
  const path = [...owner.table, ...entry.key.parts.map((part) => part.text)];
  return inValue(entry.value, { path, entry }, spot);
}

/** Whether an offset still belongs to an entry: inside it, or on the rest of its line where its value is missing. */
function reaches(entry: KeyValue, { offset, text }: Spot): boolean {
  if (offset <= entry.to) return true;
  const { value } = entry;
  return (value.kind === 'missing' || isUnfinished(value)) && onSameLine(entry.to, offset, text);
}

/** A list, table or string without its end: what follows on its line still is of it. */
const isUnfinished = (value: Value): boolean => 'isOpen' in value && value.isOpen;

const onSameLine = (from: number, to: number, text: string): boolean => !text.slice(from, to).includes('\n');

function inKey(entry: KeyValue, { table, inline }: Owner, offset: number): Cursor {
  const { parts } = entry.key;
  const { index, span } = partAt(parts, offset);
  return {
    kind: 'key',
    table: [...table, ...parts.slice(0, index).map(({ text }) => text)],
    part: span,
    isQuoted: parts[index]?.isQuoted ?? false,
    entry,
    ...(inline ? { inline } : {}),
  };
}

function inValue(
  value: Value,
  { path, entry }: { readonly path: TomlPath; readonly entry: KeyValue },
  spot: Spot,
): Cursor {
  const { offset } = spot;
  if (value.kind === 'inline' && offset > value.from && (value.isOpen || offset < value.to)) {
    const found = inEntries(value.entries, { table: path, inline: value }, spot);
    return found ?? { ...emptyKey(path, offset), inline: value };
  }
  if (value.kind === 'array' && offset > value.from && (value.isOpen || offset < value.to)) {
    const index = value.items.findLastIndex((item) => item.from <= offset && (offset <= item.to || isUnfinished(item)));
    const item = value.items[index];
    if (item) return inValue(item, { path: [...path, index], entry }, spot);
    const at = value.items.filter(({ to }) => to < offset).length;
    return { kind: 'value', path: [...path, at], value: { kind: 'missing', from: offset, to: offset }, entry };
  }
  return { kind: 'value', path, value, entry };
}

function emptyKey(table: TomlPath, offset: number): Extract<Cursor, { kind: 'key' }> {
  return { kind: 'key', table, part: { from: offset, to: offset }, isQuoted: false };
}

/** The section whose header or entries an offset is in; undefined above the first header. */
export function sectionAt(document: TomlDocument, offset: number): Section | undefined {
  return document.root.sections.findLast(({ from }) => from <= offset);
}
