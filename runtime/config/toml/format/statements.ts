import type { Header, KeyValue, Section, TomlDocument } from '../syntax.ts';
import {
  commentsBefore,
  countLineFeeds,
  isTrailing,
  type Layout,
  newLine,
  place,
  placeComment,
  type TrailingComment,
} from './layout.ts';
import { keyWidth, placeEntry, placeKey } from './values.ts';

/** Places every token of a document. `level` is the indentation of what stands above the first header. */
export function placeDocument(layout: Layout, { root }: TomlDocument, level: number): void {
  placeEntries(layout, root.entries, level);
  let above = level;
  for (const section of root.sections) {
    const own = layout.style.indent ? level + (section.header.key?.parts.length ?? 1) - 1 : level;
    placeSection(layout, section, { above, own });
    above = own;
  }
  placeCommentLines(layout, layout.text.length, above);
  if (layout.style.align) alignComments(layout);
}

interface Levels {
  readonly above: number;
  readonly own: number;
}

function placeSection(layout: Layout, section: Section, levels: Levels): void {
  placeHeader(layout, section.header, levels);
  // A comment behind a header does not belong to the paragraph below it.
  for (const comment of commentsBefore(layout, section.entries[0]?.from ?? section.to).slice(0, 1)) {
    if (isTrailing(layout, comment)) placeComment(layout, comment, ' ');
  }
  placeEntries(layout, section.entries, levels.own);
}

/** A blank line stands before a header, or before the comment lines directly above it: those are about the table. */
function placeHeader(layout: Layout, header: Header, { above, own }: Levels): void {
  const about = startOfCommentsAbove(layout, header.from);
  placeCommentLines(layout, about, above);
  let blank: 'always' | 'never' = 'always';
  for (const comment of commentsBefore(layout, header.from)) {
    placeComment(layout, comment, newLine(layout, comment.from, { level: own, blank }));
    blank = 'never';
  }
  const width = header.isArray ? 2 : 1;
  place(layout, { from: header.from, to: header.from + width }, newLine(layout, header.from, { level: own, blank }));
  if (header.key) placeKey(layout, header.key, '');
  place(layout, { from: header.to - width, to: header.to }, '');
}

/** Where the comment lines begin that lead to an offset without a blank line; the offset itself if there are none. */
function startOfCommentsAbove(layout: Layout, offset: number): number {
  let start = offset;
  const [first, ...others] = commentsBefore(layout, offset);
  // Only the first one can stand behind something.
  const lines = first && !isTrailing(layout, first) ? [first, ...others] : others;
  for (const comment of lines.toReversed()) {
    if (countLineFeeds(layout.text, comment.to, start) !== 1) break;
    start = comment.from;
  }
  return start;
}

function placeEntries(layout: Layout, entries: readonly KeyValue[], level: number): void {
  const widths = layout.style.align ? paragraphWidths(layout.text, entries) : [];
  for (const [index, entry] of entries.entries()) {
    placeCommentLines(layout, entry.from, level);
    const gap = ' '.repeat(Math.max(1, (widths[index] ?? 0) - keyWidth(entry.key) + 1));
    const before = newLine(layout, entry.from, { level, blank: 'keep' });
    placeEntry(layout, entry, { before, level, gap });
  }
}

function placeCommentLines(layout: Layout, offset: number, level: number): void {
  for (const comment of commentsBefore(layout, offset)) {
    const isBehind = isTrailing(layout, comment);
    if (isBehind) layout.trailing.push({ piece: layout.pieces.length, column: layout.column });
    placeComment(layout, comment, isBehind ? ' ' : newLine(layout, comment.from, { level, blank: 'keep' }));
  }
}

/** For each entry the width of the widest key of its paragraph. */
function paragraphWidths(text: string, entries: readonly KeyValue[]): readonly number[] {
  const widths: number[] = [];
  let paragraph: KeyValue[] = [];
  for (const [index, entry] of entries.entries()) {
    paragraph.push(entry);
    const next = entries[index + 1];
    if (next && !hasBlankLine(text.slice(entry.to, next.from))) continue;
    const width = paragraph.reduce((widest, { key }) => Math.max(widest, keyWidth(key)), 0);
    for (const _ of paragraph) widths.push(width);
    paragraph = [];
  }
  return widths;
}

/** Whether a blank line is between two statements. */
export const hasBlankLine = (text: string) => /\n[ \t]*\r?\n/.test(text);

/** Comments behind entries of one paragraph begin in one column. */
function alignComments({ pieces, lineBreak, trailing }: Layout): void {
  let group: TrailingComment[] = [];
  const flush = () => {
    const column = group.reduce((widest, comment) => Math.max(widest, comment.column), 0);
    for (const comment of group) {
      const piece = pieces[comment.piece];
      if (piece) piece.before = ' '.repeat(column - comment.column + 1);
    }
    group = [];
  };
  for (const comment of trailing) {
    const last = group.at(-1);
    const between = pieces.slice((last ?? comment).piece + 1, comment.piece);
    if (between.some(({ before }) => before.startsWith(lineBreak.repeat(2)))) flush();
    group.push(comment);
  }
  flush();
}
