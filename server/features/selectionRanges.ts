import type { Position, SelectionRange, ServerCapabilities } from 'vscode-languageserver';
import type { KeyValue, Span, Value } from '../../runtime/config/toml/syntax.ts';
import type { Analysis } from '../documents/analysis.ts';
import type { FeatureContext } from '../featureContext.ts';
import { contentSpan, groupSections, type SectionGroup } from '../text/walk.ts';

interface Params {
  readonly textDocument: { readonly uri: string };
  readonly positions: readonly Position[];
}

export function serveSelectionRanges({ connection, documents, guard }: FeatureContext): ServerCapabilities {
  connection.onSelectionRanges(
    guard('selectionRange', ({ textDocument, positions }: Params) => {
      const analysis = documents.analysis(textDocument.uri);
      return analysis ? positions.map((at) => selectionRange(analysis, analysis.positions.offset(at))) : [];
    }),
  );
  return { selectionRangeProvider: true };
}

/** From the word at an offset outwards to the whole document. */
export function selectionRange({ syntax, text, positions }: Analysis, offset: number): SelectionRange {
  let range: SelectionRange = { range: positions.range({ from: 0, to: text.length }) };
  let outer: Span = { from: 0, to: text.length };
  for (const { from, to } of spansAround(syntax.document, offset, text)) {
    const grows = from >= outer.from && to <= outer.to && to - from < outer.to - outer.from;
    if (!grows || !isIn({ from, to }, offset)) continue;
    outer = { from, to };
    range = { range: positions.range(outer), parent: range };
  }
  return range;
}

const isIn = ({ from, to }: Span, offset: number): boolean => from <= offset && offset <= to;

/** The outermost first. */
function spansAround(document: Analysis['syntax']['document'], offset: number, text: string): Span[] {
  const word = wordAt(text, offset);
  const comment = document.comments.find(({ from, to }) => from < offset && offset <= to);
  const groups = around(groupSections(document), offset);
  const outer = groups.flatMap(({ section, to }) => [{ from: section.from, to }, section]);
  if (comment) return [...outer, comment, ...word];
  const header = groups.at(-1)?.section.header;
  if (header && isIn(header, offset)) return [...outer, header, ...inKey(header.key, offset), ...word];
  const entries = groups.at(-1)?.section.entries ?? document.root.entries;
  return [...outer, ...inEntries(entries, offset, text), ...word];
}

/** A header starts a line, so an offset behind the one before is in the later of two. */
function around(groups: readonly SectionGroup[], offset: number): SectionGroup[] {
  const group = groups.findLast(({ section, to }) => isIn({ from: section.from, to }, offset));
  return group ? [group, ...around(group.children, offset)] : [];
}

function inEntries(entries: readonly KeyValue[], offset: number, text: string): Span[] {
  const entry = entries.findLast((each) => isIn(each, offset));
  if (entry === undefined) return [];
  return [entry, ...(isIn(entry.value, offset) ? inValue(entry.value, offset, text) : inKey(entry.key, offset))];
}

function inKey(key: KeyValue['key'] | undefined, offset: number): Span[] {
  if (key === undefined || !isIn(key, offset)) return [];
  return [key, ...key.parts.filter((part) => isIn(part, offset)).slice(0, 1)];
}

function inValue(value: Value, offset: number, text: string): Span[] {
  if (value.kind === 'string') return [value, contentSpan(text, value)];
  if (value.kind === 'inline') {
    return [
      value,
      { from: value.from + 1, to: value.to - (value.isOpen ? 0 : 1) },
      ...inEntries(value.entries, offset, text),
    ];
  }
  if (value.kind !== 'array') return [value];
  const item = value.items.find((each) => isIn(each, offset));
  const inside = { from: value.from + 1, to: value.to - (value.isOpen ? 0 : 1) };
  return [value, inside, ...(item ? inValue(item, offset, text) : [])];
}

/** Letters and digits around an offset: what a double click takes. */
function wordAt(text: string, offset: number): Span[] {
  const isWord = (at: number) => /[\p{L}\p{N}_]/u.test(text[at] ?? '');
  let [from, to] = [offset, offset];
  while (from > 0 && isWord(from - 1)) from -= 1;
  while (to < text.length && isWord(to)) to += 1;
  return to > from ? [{ from, to }] : [];
}
