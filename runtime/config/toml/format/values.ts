import { findLineEnd } from '../lexer.ts';
import type { ArrayValue, InlineTable, Key, KeyValue, Span, Value } from '../syntax.ts';
import { commentsBefore, countLineFeeds, isTrailing, type Layout, newLine, place, placeComment } from './layout.ts';

interface ValuePlace {
  readonly before: string;
  /** The indentation of the line that the value begins on. */
  readonly level: number;
  /** Whether an inline table on one line is around it. */
  readonly isInline?: boolean;
}

function placeValue(layout: Layout, value: Value, at: ValuePlace): void {
  if (value.kind === 'array' || value.kind === 'inline') placeList(layout, value, at);
  else place(layout, value, at.before);
}

/** The blanks around the dots of a key go; its parts stay as they are written. */
export function placeKey(layout: Layout, { parts }: Key, before: string): void {
  for (const [index, part] of parts.entries()) {
    if (index > 0) {
      const dot = layout.text.indexOf('.', layout.end);
      place(layout, { from: dot, to: dot + 1 }, '');
    }
    place(layout, part, index > 0 ? '' : before);
  }
}

interface EntryPlace extends ValuePlace {
  /** Stands between the key and the `=`. */
  readonly gap?: string;
}

export function placeEntry(
  layout: Layout,
  entry: KeyValue,
  { before, level, gap = ' ', isInline = false }: EntryPlace,
): void {
  placeKey(layout, entry.key, before);
  const equals = entry.equals ?? layout.end;
  place(layout, { from: equals, to: equals + 1 }, gap);
  placeValue(layout, entry.value, { before: ' ', level, isInline });
}

type List = ArrayValue | InlineTable;
type Item = Value | KeyValue;

const itemsOf = (list: List): readonly Item[] => (list.kind === 'array' ? list.items : list.entries);

/** On one line if it was and fits, else with one line per item. */
function placeList(layout: Layout, list: List, at: ValuePlace): void {
  const items = itemsOf(list);
  const padding = list.kind === 'inline' ? ' ' : '';
  place(layout, { from: list.from, to: list.from + 1 }, at.before);
  const isSpread = mustSpread(layout, list, at);
  const isInline = !isSpread && (list.kind === 'inline' || at.isInline === true);
  const level = isSpread ? at.level + 1 : at.level;
  for (const [index, item] of items.entries()) {
    placeComments(layout, item.from, level);
    const between = index === 0 ? padding : ' ';
    const blank = index === 0 && !layout.isAfterComment ? 'never' : 'keep';
    const before = isSpread ? newLine(layout, item.from, { level, blank }) : between;
    placeItem(layout, item, { before, level, isInline });
    placeComma(layout, { list, next: items[index + 1], isSpread, level });
  }
  const closer = { from: list.to - 1, to: list.to };
  placeComments(layout, closer.from, level);
  const isEmpty = list.from + 1 === layout.end;
  const inside = isEmpty ? '' : padding;
  place(layout, closer, isSpread ? newLine(layout, closer.from, { level: at.level, blank: 'never' }) : inside);
}

function placeItem(layout: Layout, item: Item, at: ValuePlace): void {
  if (item.kind === 'keyValue') placeEntry(layout, item, at);
  else placeValue(layout, item, at);
}

/** The comments of a list stay behind what they stand behind, or on lines of their own. */
function placeComments(layout: Layout, offset: number, level: number): void {
  for (const comment of commentsBefore(layout, offset)) {
    const isFirst = layout.text[layout.end - 1] === '[' || layout.text[layout.end - 1] === '{';
    const blank = isFirst && !layout.isAfterComment ? 'never' : 'keep';
    const own = newLine(layout, comment.from, { level, blank });
    placeComment(layout, comment, isTrailing(layout, comment) ? ' ' : own);
  }
}

interface CommaPlace {
  readonly list: Span;
  /** The item that follows. */
  readonly next: Item | undefined;
  readonly isSpread: boolean;
  readonly level: number;
}

function placeComma(layout: Layout, { list, next, isSpread, level }: CommaPlace): void {
  const { trailingComma } = layout.style;
  const from = findComma(layout.text, layout.end, next?.from ?? list.to - 1);
  if (from === undefined) {
    // A piece of no width: the comma is what stands before it.
    if (isSpread && trailingComma === 'always') place(layout, { from: layout.end, to: layout.end }, ',');
    return;
  }
  if (next === undefined && trailingComma === 'never') return;
  placeComments(layout, from, level);
  place(layout, { from, to: from + 1 }, layout.isAfterComment ? newLine(layout, from, { level, blank: 'never' }) : '');
}

function findComma(text: string, from: number, to: number): number | undefined {
  for (let offset = from; offset < to; offset++) {
    if (text[offset] === ',') return offset;
    if (text[offset] === '#') offset = findLineEnd(text, offset);
  }
  return undefined;
}

/**
 * Looks only at the list's own line breaks: those in an item do not spread what is around it. An inline table stays on
 * its line, and so does every list in it: TOML 1.0 has no line breaks between its braces.
 */
function mustSpread({ text, column, style }: Layout, list: List, { isInline = false }: ValuePlace): boolean {
  if (hasOwnBreak(list, text)) return true;
  if (isInline || list.kind === 'inline' || spansLines(list, text)) return false;
  return column - 1 + widthOf(list, text) > style.arrayWidth;
}

/** Whether a list has a line break between its items. In an empty one only a comment keeps it. */
function hasOwnBreak(list: List, text: string): boolean {
  const items = itemsOf(list);
  if (items.length === 0) return text.slice(list.from, list.to).includes('#');
  const ends = [list.from + 1, ...items.map(({ to }) => to)];
  return ends.some((end, index) => countLineFeeds(text, end, items[index]?.from ?? list.to) > 0);
}

function spansLines(value: Value, text: string): boolean {
  if (value.kind !== 'array' && value.kind !== 'inline') return countLineFeeds(text, value.from, value.to) > 0;
  const values = value.kind === 'array' ? value.items : value.entries.map((entry) => entry.value);
  return hasOwnBreak(value, text) || values.some((item) => spansLines(item, text));
}

/** The width of a value on one line. */
function widthOf(value: Value, text: string): number {
  if (value.kind !== 'array' && value.kind !== 'inline') return value.to - value.from;
  const items = itemsOf(value);
  if (items.length === 0) return 2;
  const widths = items.map((item) =>
    item.kind === 'keyValue' ? keyWidth(item.key) + ' = '.length + widthOf(item.value, text) : widthOf(item, text),
  );
  const brackets = value.kind === 'array' ? '[]'.length : '{  }'.length;
  const inside = widths.reduce((sum, width) => sum + width + ', '.length, -', '.length);
  return brackets + inside + (hasTrailingComma(value, items, text) ? 1 : 0);
}

function hasTrailingComma(list: Span, items: readonly Item[], text: string): boolean {
  const last = items.at(-1);
  return last !== undefined && findComma(text, last.to, list.to - 1) !== undefined;
}

/** The width of a key without blanks around its dots. */
export function keyWidth({ parts }: Key): number {
  return parts.reduce((sum, { from, to }) => sum + to - from + 1, -1);
}
