import { findLineEnd } from '../../../runtime/config/toml/lexer.ts';
import type { InlineTable, KeyValue, Span } from '../../../runtime/config/toml/syntax.ts';
import type { Analysis } from '../../documents/analysis.ts';
import { sectionAt } from '../../text/cursor.ts';
import { removeEntry } from './duplicateKey.ts';
import { type Fix, insert } from './fix.ts';
import { lineBreak } from './lines.ts';

/** `key = { … }` or `key = [{ … }]` to tables with headers, below the entries of the table that it is in. */
export function toHeader(analysis: Analysis, offset: number): Fix | undefined {
  const { document } = analysis.syntax;
  const section = sectionAt(document, offset);
  const entries = section?.entries ?? document.root.entries;
  const entry = entries.find(({ from, to }) => from <= offset && offset <= to);
  const rows = entry && rowsOf(entry);
  if (entry === undefined || rows === undefined || document.errors.length > 0) return undefined;
  if (section && !section.header.isClosed) return undefined;
  const removal = removeEntry(analysis, entry);
  if (removal === undefined || hasComment(analysis, { from: entry.from, to: findLineEnd(analysis.text, entry.to) })) {
    return undefined;
  }
  const { text } = analysis;
  const name = nameBelow(text, section?.header.key, entry);
  const isList = entry.value.kind === 'array';
  const header = isList ? `[[${name}]]` : `[${name}]`;
  const eol = lineBreak(text);
  const blocks = rows.map((row) => [header, ...row.entries.map(({ from, to }) => text.slice(from, to))].join(eol));
  const last = entries.at(-1) ?? entry;
  const at = findLineEnd(text, last.to);
  const written = blocks.join(eol + eol);
  const title = `Convert to \`${header}\``;
  if (last !== entry) return { title, changes: [removal, insert(at, eol + eol + written)] };
  const gap = (section?.entries.length ?? 0) > 1 || (section !== undefined && entries.length === 1) ? eol : '';
  return { title, changes: [{ from: entry.from, to: entry.to, text: gap + written }] };
}

function rowsOf({ value, key }: KeyValue): readonly InlineTable[] | undefined {
  if (!key.isComplete) return undefined;
  if (value.kind === 'inline') return value.isOpen ? undefined : [value];
  if (value.kind !== 'array' || value.isOpen || value.items.length === 0) return undefined;
  const rows = value.items.filter((item) => item.kind === 'inline');
  return rows.length === value.items.length ? rows : undefined;
}

function nameBelow(text: string, header: Span | undefined, { key }: KeyValue): string {
  const own = text.slice(key.from, key.to);
  return header ? `${text.slice(header.from, header.to)}.${own}` : own;
}

export function hasComment({ syntax }: Analysis, { from, to }: Span): boolean {
  return syntax.document.comments.some((comment) => comment.from < to && from < comment.to);
}
