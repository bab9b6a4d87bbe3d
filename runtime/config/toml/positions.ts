import type { Position, Range } from '../../contract/diagnostics.ts';

/** Where every line of one text starts, and where its content ends before `\n` or `\r\n`. A lone `\r` breaks no line. */
export interface LineIndex {
  readonly starts: Readonly<Uint32Array>;
  readonly ends: Readonly<Uint32Array>;
}

/** Finds the lines of `text` once, so that each position costs a binary search only. */
export function lineIndex(text: string): LineIndex {
  const lines = countLines(text);
  const [starts, ends] = [new Uint32Array(lines), new Uint32Array(lines)];
  let start = 0;
  for (let line = 0; line < lines - 1; line++) {
    const lineFeed = text.indexOf('\n', start);
    const hasCarriageReturn = lineFeed > start && text[lineFeed - 1] === '\r';
    starts[line] = start;
    ends[line] = hasCarriageReturn ? lineFeed - 1 : lineFeed;
    start = lineFeed + 1;
  }
  starts[lines - 1] = start;
  ends[lines - 1] = text.length;
  return { starts, ends };
}

/** Counting first is cheaper than lists that grow: each version of a text has an index of its own. */
function countLines(text: string): number {
  let lines = 1;
  for (let lineFeed = text.indexOf('\n'); lineFeed >= 0; lineFeed = text.indexOf('\n', lineFeed + 1)) lines += 1;
  return lines;
}

/** The position of `offset`; offsets outside the text or inside a line break move to the nearest end of a line. */
export function positionAt(index: LineIndex, offset: number): Position {
  const line = lineOf(index, offset);
  const start = index.starts[line] ?? 0;
  const end = index.ends[line] ?? start;
  return { line: line + 1, column: clamp(offset, start, end) - start + 1 };
}

/** The offset of `position`; lines and columns outside the text move to the nearest one inside. */
export function offsetAt(index: LineIndex, position: Position): number {
  if (position.line > index.starts.length) return index.ends.at(-1) ?? 0;
  const line = Math.max(position.line, 1) - 1;
  const start = index.starts[line] ?? 0;
  return position.line < 1 ? 0 : clamp(start + position.column - 1, start, index.ends[line] ?? start);
}

export function rangeOf(index: LineIndex, from: number, to: number): Range {
  return { start: positionAt(index, from), end: positionAt(index, to) };
}

/** The zero-based number of the last line that starts at or before `offset`. */
function lineOf(index: LineIndex, offset: number): number {
  let low = 0;
  let high = index.starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((index.starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
