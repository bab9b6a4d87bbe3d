import type { Position, Range } from '../../contract/diagnostics.ts';

/** Where every line of one text starts, and where its content ends. As to editors (LSP), a lone `\r` breaks a line too. */
export interface LineIndex {
  readonly starts: Readonly<Uint32Array>;
  readonly ends: Readonly<Uint32Array>;
}

/** Finds the lines of `text` once, so that each position costs a binary search only. */
export function lineIndex(text: string): LineIndex {
  // Counting first is cheaper than lists that grow: each version of a text has an index of its own.
  let lines = 1;
  forEachBreak(text, () => {
    lines += 1;
  });
  const [starts, ends] = [new Uint32Array(lines), new Uint32Array(lines)];
  let line = 0;
  forEachBreak(text, (end, next) => {
    ends[line] = end;
    line += 1;
    starts[line] = next;
  });
  ends[line] = text.length;
  return { starts, ends };
}

function forEachBreak(text: string, visit: (end: number, next: number) => void): void {
  let lineFeed = text.indexOf('\n');
  let carriageReturn = text.indexOf('\r');
  while (lineFeed >= 0 || carriageReturn >= 0) {
    const isReturn = carriageReturn >= 0 && (lineFeed < 0 || carriageReturn < lineFeed);
    const end = isReturn ? carriageReturn : lineFeed;
    const next = isReturn && lineFeed === end + 1 ? end + 2 : end + 1;
    visit(end, next);
    // Each is looked for once only, or a text without the other would be searched to its end for every line.
    if (lineFeed >= 0 && lineFeed < next) lineFeed = text.indexOf('\n', next);
    if (carriageReturn >= 0 && carriageReturn < next) carriageReturn = text.indexOf('\r', next);
  }
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
