import { type Edit, linesOf } from './shifted.ts';

/** Lines that are being written, counted from 0. */
export interface LineSpan {
  readonly first: number;
  readonly last: number;
}

export const overlaps = (a: LineSpan, b: LineSpan): boolean => a.first <= b.last && b.first <= a.last;

/**
 * The lines that are being written behind an edit. LSP reports no cursor: it is on the line where the edit ends, and
 * somewhere in what completion inserted, until an edit elsewhere.
 */
export function linesWritten({ range: { start, end }, text }: Edit, before: LineSpan | undefined): LineSpan {
  const lines = linesOf(text);
  const added = lines.length - 1;
  const isInside = before && before.first < before.last && before.first <= start.line && end.line <= before.last;
  if (isInside) return { first: before.first, last: before.last + added - (end.line - start.line) };
  // Enter leaves its line.
  const isBreak = added > 0 && lines[0]?.trim() === '';
  return { first: start.line + (isBreak ? 1 : 0), last: start.line + added };
}
