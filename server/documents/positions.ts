import type { Position, Range } from 'vscode-languageserver';
import { type LineIndex, offsetAt, positionAt } from '../../runtime/config/toml/positions.ts';
import type { Span } from '../../runtime/config/toml/syntax.ts';
import type { Range as TextRange } from '../../runtime/contract/diagnostics.ts';

/**
 * Between the offsets of one text and the positions that a client counts. LSP counts from 0, in UTF-16 code units
 * unless UTF-8 was negotiated (specification, "Position").
 */
export interface PositionMap {
  position(offset: number): Position;
  offset(position: Position): number;
  range(span: Span): Range;
  /** Of a finding of the runtime, which counts lines and columns from 1. */
  fromTextRange(range: TextRange): Range;
}

export type PositionEncoding = 'utf-16' | 'utf-8';

/** A column in bytes of UTF-8, in UTF-16 code units. */
export function decodeColumn(lineText: string, bytes: number): number {
  return Buffer.from(lineText).subarray(0, bytes).toString().length;
}

export function positionMap(text: string, index: LineIndex, encoding: PositionEncoding): PositionMap {
  const lineStart = (line: number) => index.starts[line] ?? text.length;
  const lineText = (line: number) => text.slice(lineStart(line), index.ends[line] ?? text.length);
  const encode = (line: number, character: number) =>
    encoding === 'utf-16' ? character : Buffer.byteLength(lineText(line).slice(0, character));
  const decode = (line: number, character: number) =>
    encoding === 'utf-16' ? character : decodeColumn(lineText(line), character);
  const position = (offset: number): Position => {
    const { line, column } = positionAt(index, offset);
    return { line: line - 1, character: encode(line - 1, column - 1) };
  };
  const range = ({ from, to }: Span): Range => ({ start: position(from), end: position(to) });
  return {
    position,
    range,
    offset: ({ line, character }) => offsetAt(index, { line: line + 1, column: decode(line, character) + 1 }),
    fromTextRange: ({ start, end }) => range({ from: offsetAt(index, start), to: offsetAt(index, end) }),
  };
}
