import type { Span, TomlDocument } from '../syntax.ts';
import type { Style } from './style.ts';

/** A token that stays as it is, and the text that is to stand between the one before and it. */
export interface Piece extends Span {
  before: string;
}

/** A comment behind an entry, on its line. */
export interface TrailingComment {
  readonly piece: number;
  /** Width of the line before it. */
  readonly column: number;
}

/** The tokens that were placed so far, in the order of the text. */
export interface Layout {
  readonly text: string;
  readonly style: Style;
  readonly lineBreak: string;
  readonly comments: readonly Span[];
  /** How many of the comments are placed. */
  placedComments: number;
  readonly pieces: Piece[];
  /** Where the last piece ends in the text. */
  end: number;
  /** Width of the last line of what is placed. */
  column: number;
  /** The comments behind entries. */
  readonly trailing: TrailingComment[];
  /** Whether the last piece is a comment, behind which only a line break can follow. */
  isAfterComment: boolean;
}

export function createLayout(document: TomlDocument, style: Style, lineBreak = lineBreakOf(document)): Layout {
  const { text, comments } = document;
  const end = text.startsWith('\uFEFF') ? 1 : 0;
  return {
    text,
    style,
    lineBreak,
    comments: comments.map((comment) => withoutTrailingBlanks(text, comment)),
    placedComments: 0,
    pieces: [],
    end,
    column: 0,
    trailing: [],
    isAfterComment: false,
  };
}

/** The line break behind the first statement or comment, which outlives all formatting; those in strings may differ. */
export function lineBreakOf({ text, root, comments }: TomlDocument): string {
  const statement = root.entries[0] ?? root.sections[0]?.header;
  const end = Math.min(statement?.to ?? text.length, comments[0]?.to ?? text.length);
  const behind = text.indexOf('\n', end);
  const lineFeed = behind < 0 ? text.indexOf('\n', text.search(/\S/)) : behind;
  return lineFeed > 0 && text[lineFeed - 1] === '\r' ? '\r\n' : '\n';
}

function withoutTrailingBlanks(text: string, { from, to }: Span): Span {
  let end = to;
  while (text[end - 1] === ' ' || text[end - 1] === '\t') end -= 1;
  return { from, to: end };
}

export function place(layout: Layout, { from, to }: Span, before: string): void {
  layout.pieces.push({ from, to, before });
  advance(layout, before, { from: 0, to: before.length });
  advance(layout, layout.text, { from, to });
  layout.end = to;
  layout.isAfterComment = false;
}

function advance(layout: Layout, text: string, { from, to }: Span): void {
  let start = to;
  while (start > from && text[start - 1] !== '\n') start -= 1;
  layout.column = start > from ? to - start : layout.column + to - from;
}

export interface LineStart {
  /** Steps of indentation. */
  readonly level: number;
  /** A blank line above: as the text has it, or anyway. */
  readonly blank: 'keep' | 'never' | 'always';
}

/** What stands before a token that begins a line: of several blank lines one is kept, and none at the very beginning. */
export function newLine(layout: Layout, from: number, { level, blank }: LineStart): string {
  const indentation = layout.style.step.repeat(level);
  if (layout.pieces.length === 0) return indentation;
  const hasBlank = blank === 'always' || (blank === 'keep' && countLineFeeds(layout.text, layout.end, from) > 1);
  return layout.lineBreak.repeat(hasBlank ? 2 : 1) + indentation;
}

/** Never looks behind `to`: on one very long line, a search to its end for each gap would be quadratic. */
export function countLineFeeds(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) if (text[at] === '\n') count += 1;
  return count;
}

/** The comments between what is placed and an offset. */
export function commentsBefore(layout: Layout, offset: number): readonly Span[] {
  let to = layout.placedComments;
  while ((layout.comments[to]?.from ?? offset) < offset) to += 1;
  return layout.comments.slice(layout.placedComments, to);
}

export function placeComment(layout: Layout, comment: Span, before: string): void {
  place(layout, comment, before);
  layout.placedComments += 1;
  layout.isAfterComment = true;
}

/** Whether a comment stands behind something on its line. */
export function isTrailing(layout: Layout, comment: Span): boolean {
  return layout.pieces.length > 0 && countLineFeeds(layout.text, layout.end, comment.from) === 0;
}
