import { findLineEnd, findLineStart } from '../lexer.ts';
import { parseToml } from '../parser.ts';
import type { Header, KeyValue, Span, TomlDocument } from '../syntax.ts';
import type { Edit } from './edits.ts';
import { formatToml } from './format.ts';
import { lineBreakOf } from './layout.ts';
import { hasBlankLine } from './statements.ts';
import type { Style } from './style.ts';

/**
 * Formats the statement that ends at an offset or behind it on its line, as soon as it is written: nothing around it is
 * touched, and what is broken elsewhere does not matter. Its lines must be right by themselves.
 */
export function formatStatement(document: TomlDocument, offset: number, style: Style): readonly Edit[] {
  const found = statementEndingAt(document, offset, style);
  if (found === undefined) return [];
  const { text } = document;
  const span = { from: findLineStart(text, found.span.from), to: findLineEnd(text, found.span.to) };
  const own = parseToml(text.slice(span.from, span.to));
  const isAlone = own.root.entries.length + own.root.sections.length === found.count;
  const isSeen = document.errors.every(({ from, to }) => to <= span.from || span.to <= from);
  if (!isAlone || !isSeen) return [];
  const only = { ...style, insertFinalNewline: false };
  const { edits } = formatToml(own, only, { level: found.level, lineBreak: lineBreakOf(document) });
  return edits.map((edit) => ({ from: edit.from + span.from, to: edit.to + span.from, text: edit.text }));
}

interface Found {
  readonly span: Span;
  /** How many statements are to be in it. */
  readonly count: number;
  readonly level: number;
}

function statementEndingAt(document: TomlDocument, offset: number, style: Style): Found | undefined {
  const { text, root } = document;
  const section = root.sections.findLast(({ from }) => from <= offset);
  const endsHere = ({ to }: Header | KeyValue) => findLineStart(text, offset) <= to && to <= offset;
  const entries = section?.entries ?? root.entries;
  const index = entries.findLastIndex(({ from }) => from <= offset);
  const entry = entries[index];
  const header = section?.header;
  if (entry && endsHere(entry)) {
    const level = style.indent && header ? (header.key?.parts.length ?? 1) - 1 : 0;
    return { ...(style.align ? paragraphOf(entries, index, text) : { span: entry, count: 1 }), level };
  }
  // A header finds its level by itself.
  return header && !entry && endsHere(header) ? { span: header, count: 1, level: 0 } : undefined;
}

/** What is aligned with an entry. */
function paragraphOf(entries: readonly KeyValue[], index: number, text: string): Omit<Found, 'level'> {
  const isApart = (upper: KeyValue | undefined, lower: KeyValue | undefined) =>
    upper === undefined || lower === undefined || hasBlankLine(text.slice(upper.to, lower.from));
  let first = index;
  let last = index;
  while (!isApart(entries[first - 1], entries[first])) first -= 1;
  while (!isApart(entries[last], entries[last + 1])) last += 1;
  const span = { from: entries[first]?.from ?? 0, to: entries[last]?.to ?? 0 };
  return { span, count: last - first + 1 };
}
