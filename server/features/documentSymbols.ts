import {
  type DocumentSymbol,
  type ServerCapabilities,
  type SymbolInformation,
  SymbolKind,
} from 'vscode-languageserver';
import type { KeyValue, Span, Value } from '../../runtime/config/toml/syntax.ts';
import type { Analysis } from '../documents/analysis.ts';
import type { FeatureContext } from '../featureContext.ts';
import { findRoles } from '../text/roles.ts';
import { groupSections, rowLabel, type SectionGroup } from '../text/walk.ts';

/** Editors draw outlines slowly and freeze on huge ones (redhat-developer/vscode-yaml #485). */
const MAX_SYMBOLS = 5000;
const MAX_DETAIL = 60;

export function serveDocumentSymbols({
  connection,
  documents,
  guard,
  capabilities,
}: FeatureContext): ServerCapabilities {
  const isHierarchical = capabilities.textDocument?.documentSymbol?.hierarchicalDocumentSymbolSupport === true;
  connection.onDocumentSymbol(
    guard('documentSymbol', ({ textDocument: { uri } }: { textDocument: { uri: string } }) => {
      const analysis = documents.analysis(uri);
      const symbols = analysis ? documentSymbols(analysis) : [];
      return isHierarchical ? symbols : flatten(symbols, uri);
    }),
  );
  return { documentSymbolProvider: { label: 'Castra' } };
}

function flatten(symbols: readonly DocumentSymbol[], uri: string, containerName?: string): SymbolInformation[] {
  return symbols.flatMap(({ name, kind, range, children = [] }) => [
    { name, kind, location: { uri, range }, ...(containerName ? { containerName } : {}) },
    ...flatten(children, uri, name),
  ]);
}

interface Outline {
  readonly analysis: Analysis;
  /** What stands beside the name of a role, by the offset of its table. */
  readonly details: ReadonlyMap<number, string>;
  left: number;
}

/** Tables with their keys; VMs by their names. */
export function documentSymbols(analysis: Analysis): DocumentSymbol[] {
  const { document } = analysis.syntax;
  const details = new Map(findRoles(analysis).map((role) => [role.span?.from ?? -1, describeRole(role.vms)]));
  const outline: Outline = { analysis, details, left: MAX_SYMBOLS };
  return [...entrySymbols(document.root.entries, outline), ...groupSymbols(groupSections(document), outline)];
}

function describeRole(vms: readonly { readonly cpus: number; readonly memoryMiB: number }[]): string {
  const [first] = vms;
  if (first === undefined) return '';
  const { cpus, memoryMiB } = first;
  const memory = memoryMiB % 1024 === 0 ? `${memoryMiB / 1024} GiB` : `${memoryMiB} MiB`;
  return `${cpus} × ${memory}${vms.length > 1 ? `, ${vms.length} VMs` : ''}`;
}

function groupSymbols(groups: readonly SectionGroup[], outline: Outline): DocumentSymbol[] {
  return collect(groups, outline, ({ section, names, children, to }) => {
    const { header, entries } = section;
    const label = header.isArray ? rowLabel(entries) : undefined;
    return {
      name: label?.label ?? names.join('.'),
      kind: header.isArray ? SymbolKind.Class : SymbolKind.Module,
      span: { from: section.from, to },
      selection: label?.value ?? header.key ?? header,
      detail: outline.details.get(section.from) ?? (label && names.length > 1 ? (names.at(-1) ?? '') : ''),
      children: () => [...entrySymbols(entries, outline), ...groupSymbols(children, outline)],
    };
  });
}

function entrySymbols(entries: readonly KeyValue[], outline: Outline): DocumentSymbol[] {
  return collect(entries, outline, (entry) => ({
    name: entry.key.parts.map(({ text }) => text).join('.'),
    kind: kinds[entry.value.kind],
    span: entry,
    selection: entry.key,
    detail: detailOf(entry.value, outline.analysis.text),
    children: () => valueSymbols(entry.value, outline),
  }));
}

function valueSymbols(value: Value, outline: Outline): DocumentSymbol[] {
  if (value.kind === 'inline') return entrySymbols(value.entries, outline);
  if (value.kind !== 'array') return [];
  const tables = value.items.flatMap((item, index) => (item.kind === 'inline' ? [{ item, index }] : []));
  return collect(tables, outline, ({ item, index }) => {
    const label = rowLabel(item.entries);
    return {
      name: label?.label ?? String(index),
      kind: SymbolKind.Class,
      span: item,
      selection: label?.value ?? item,
      detail: outline.details.get(item.from) ?? '',
      children: () => entrySymbols(item.entries, outline),
    };
  });
}

interface Sketch {
  readonly name: string;
  readonly kind: SymbolKind;
  readonly span: Span;
  readonly selection: Span;
  readonly detail: string;
  readonly children: () => DocumentSymbol[];
}

/** VS Code drops the whole outline for one symbol without a name, or with a selection outside of its range. */
function collect<Item>(items: readonly Item[], outline: Outline, sketch: (item: Item) => Sketch): DocumentSymbol[] {
  const symbols: DocumentSymbol[] = [];
  for (const item of items) {
    if (outline.left <= 0) break;
    outline.left -= 1;
    const { name, kind, span, selection, detail, children } = sketch(item);
    const { positions, text } = outline.analysis;
    const { from, to } = selection.from < span.from || selection.to > span.to ? span : selection;
    symbols.push({
      name: name.trim() || text.slice(from, to).trim() || '…',
      kind,
      range: positions.range(span),
      selectionRange: positions.range({ from, to }),
      ...(detail ? { detail } : {}),
      children: children(),
    });
  }
  return symbols;
}

const kinds: Readonly<Record<Value['kind'], SymbolKind>> = {
  string: SymbolKind.String,
  integer: SymbolKind.Number,
  float: SymbolKind.Number,
  boolean: SymbolKind.Boolean,
  datetime: SymbolKind.Constant,
  array: SymbolKind.Array,
  inline: SymbolKind.Object,
  missing: SymbolKind.Null,
  invalid: SymbolKind.Null,
};

function detailOf(value: Value, text: string): string {
  if (value.kind === 'array' || value.kind === 'inline') return '';
  const line = text.slice(value.from, Math.min(value.to, value.from + MAX_DETAIL + 1)).split(/\r?\n/, 1)[0] ?? '';
  return value.to - value.from > line.length || line.length > MAX_DETAIL ? `${line.slice(0, MAX_DETAIL)}…` : line;
}
