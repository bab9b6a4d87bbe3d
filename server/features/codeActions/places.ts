import { nodeAt, type TomlPath } from '../../../runtime/config/toml/meaning/meaning.ts';
import type { KeyPart, Section, StringValue, Value } from '../../../runtime/config/toml/syntax.ts';
import type { TableNode } from '../../../runtime/config/toml/tree.ts';
import type { Analysis } from '../../documents/analysis.ts';
import { cursorAt } from '../../text/cursor.ts';
import { sectionPath } from '../../text/sections.ts';

/** A name in a table, in a key or in a header. */
export interface NamedPart {
  readonly table: TomlPath;
  readonly part: KeyPart;
  readonly inInline: boolean;
}

/** The name that begins at an offset. */
export function partAt({ syntax: { document, tree } }: Analysis, offset: number): NamedPart | undefined {
  const cursor = cursorAt(document, tree, offset);
  if (cursor.kind === 'key') {
    const part = cursor.entry?.key.parts.find(({ from }) => from === offset);
    return part && { table: cursor.table, part, inInline: cursor.inline !== undefined };
  }
  if (cursor.kind !== 'header') return undefined;
  const part = cursor.header.key?.parts.find(({ from }) => from === offset);
  const section = document.root.sections.find(({ header }) => header === cursor.header);
  if (part === undefined || section === undefined) return undefined;
  return { table: upToName(sectionPath(tree, section), cursor.before.length), part, inInline: false };
}

/** The part of a path before its n-th name. */
function upToName(path: TomlPath, count: number): TomlPath {
  let names = 0;
  const end = path.findIndex((segment) => typeof segment === 'string' && ++names > count);
  return end < 0 ? path : path.slice(0, end);
}

const isSame = (a: TomlPath, b: TomlPath): boolean =>
  a.length === b.length && a.every((segment, at) => segment === b[at]);

/** Every place that writes a name of a table: headers that lead through it, and dotted keys. */
export function occurrences(analysis: Analysis, { table, part, inInline }: NamedPart): readonly KeyPart[] {
  const { document, tree } = analysis.syntax;
  if (inInline) return [part];
  const names = [...table.filter((segment) => typeof segment === 'string'), part.text];
  const found: KeyPart[] = [];
  const look = (path: TomlPath, entries: Section['entries']) => {
    const rest = table.slice(path.length);
    if (!isSame(path, table.slice(0, path.length)) || rest.some((segment) => typeof segment === 'number')) return;
    for (const { key } of entries) {
      const own = key.parts[rest.length];
      if (own?.text === part.text && rest.every((name, at) => key.parts[at]?.text === name)) found.push(own);
    }
  };
  look([], document.root.entries);
  for (const section of document.root.sections) {
    const parts = section.header.key?.parts ?? [];
    const shared = Math.min(parts.length, names.length);
    if (!parts.slice(0, shared).every(({ text }, at) => text === names[at])) continue;
    const path = sectionPath(tree, section);
    const own = parts[names.length - 1];
    if (own === undefined) look(path, section.entries);
    else if (isSame(upToName(path, names.length - 1), table)) found.push(own);
  }
  return found.length > 0 ? found : [part];
}

/** A value that begins at an offset, and where it is. */
export interface PlacedValue {
  readonly path: TomlPath;
  readonly value: Value;
}

export function valueAt({ syntax: { document, tree } }: Analysis, offset: number): PlacedValue | undefined {
  const cursor = cursorAt(document, tree, offset);
  return cursor.kind === 'value' && cursor.value.from === offset ? cursor : undefined;
}

export function closedStringAt(analysis: Analysis, offset: number): { path: TomlPath; value: StringValue } | undefined {
  const found = valueAt(analysis, offset);
  return found?.value.kind === 'string' && !found.value.isOpen ? { path: found.path, value: found.value } : undefined;
}

/** The table that a finding about a missing key is about: its header, its name or its braces are underlined. */
export function tablePathAt(analysis: Analysis, offset: number): TomlPath | undefined {
  const named = partAt(analysis, offset);
  const { document, tree } = analysis.syntax;
  if (named === undefined) return valueAt(analysis, offset)?.path;
  const section = document.root.sections.find(({ header }) => header.key?.parts.at(-1)?.from === offset);
  return section ? sectionPath(tree, section) : [...named.table, named.part.text];
}

export function tableAt({ syntax }: Analysis, path: TomlPath): TableNode | undefined {
  const { node, rest } = nodeAt(syntax.tree, path);
  return rest.length === 0 && node.kind === 'table' ? node : undefined;
}
