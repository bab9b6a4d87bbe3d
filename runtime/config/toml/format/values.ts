import { findLineEnd } from '../lexer.ts';
import type { ArrayValue, InlineTable, Key, KeyValue, Span, Value } from '../syntax.ts';
import { commentsBefore, countLineFeeds, isTrailing, type Layout, newLine, place, placeComment } from './layout.ts';

/** Places a value behind `before`. `level` is the indentation of the line that it begins on. */
export function placeValue(layout: Layout, value: Value, before: string, level: number): void {
  if (value.kind === 'array') placeList(layout, value, value.items, { before, level, padding: '' });
  else if (value.kind === 'inline') placeList(layout, value, value.entries, { before, level, padding: ' ' });
  else place(layout, value, before);
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

/** Places `key = value`; the `=` stands `gap` behind the key. */
export function placeEntry(layout: Layout, entry: KeyValue, before: string, level: number, gap = ' '): void {
  placeKey(layout, entry.key, before);
  const equals = entry.equals ?? layout.end;
  place(layout, { from: equals, to: equals + 1 }, gap);
  placeValue(layout, entry.value, ' ', level);
}

interface ListPlace {
  readonly before: string;
  readonly level: number;
  /** Stands inside of the brackets of a list on one line. */
  readonly padding: string;
}

type Item = Value | KeyValue;

/** On one line if it was and fits, else with one line per item. */
function placeList(layout: Layout, list: ArrayValue | InlineTable, items: readonly Item[], at: ListPlace): void {
  place(layout, { from: list.from, to: list.from + 1 }, at.before);
  const isSpread = mustSpread(layout, list, items);
  const level = isSpread ? at.level + 1 : at.level;
  for (const [index, item] of items.entries()) {
    placeComments(layout, item.from, level);
    const between = index === 0 ? at.padding : ' ';
    const blank = index === 0 && !layout.isAfterComment ? 'never' : 'keep';
    placeItem(layout, item, isSpread ? newLine(layout, item.from, level, blank) : between, level);
    placeComma(layout, { list, next: items[index + 1], isSpread, level });
  }
  const closer = { from: list.to - 1, to: list.to };
  placeComments(layout, closer.from, level);
  const isEmpty = list.from + 1 === layout.end;
  const inside = isEmpty ? '' : at.padding;
  place(layout, closer, isSpread ? newLine(layout, closer.from, at.level, 'never') : inside);
}

function placeItem(layout: Layout, item: Item, before: string, level: number): void {
  if (item.kind === 'keyValue') placeEntry(layout, item, before, level);
  else placeValue(layout, item, before, level);
}

/** The comments of a list stay behind what they stand behind, or on lines of their own. */
function placeComments(layout: Layout, offset: number, level: number): void {
  for (const comment of commentsBefore(layout, offset)) {
    const isFirst = layout.text[layout.end - 1] === '[' || layout.text[layout.end - 1] === '{';
    const own = newLine(layout, comment.from, level, isFirst && !layout.isAfterComment ? 'never' : 'keep');
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
  place(layout, { from, to: from + 1 }, layout.isAfterComment ? newLine(layout, from, level, 'never') : '');
}

function findComma(text: string, from: number, to: number): number | undefined {
  for (let offset = from; offset < to; offset++) {
    if (text[offset] === ',') return offset;
    if (text[offset] === '#') offset = findLineEnd(text, offset);
  }
  return undefined;
}

/** Looks only at the list's own line breaks: those in an item do not spread what is around it. */
function mustSpread(layout: Layout, list: ArrayValue | InlineTable, items: readonly Item[]): boolean {
  const { text, comments, placedComments, style } = layout;
  const hasComment = (comments[placedComments]?.from ?? list.to) < list.to;
  if (items.length === 0) return hasComment;
  const ends = [list.from + 1, ...items.map(({ to }) => to)];
  if (ends.some((end, index) => countLineFeeds(text, end, items[index]?.from ?? list.to) > 0)) return true;
  if (list.kind === 'inline' || countLineFeeds(text, list.from, list.to) > 0) return false;
  return layout.column - 1 + widthOf(list, text) > style.arrayWidth;
}

/** The width of a value on one line. */
function widthOf(value: Value, text: string): number {
  if (value.kind === 'array') {
    const commas = listWidth(value.items.map((item) => widthOf(item, text)));
    return commas + 2 + (hasTrailingComma(value, value.items, text) ? 1 : 0);
  }
  if (value.kind !== 'inline') return value.to - value.from;
  if (value.entries.length === 0) return 2;
  const commas = listWidth(value.entries.map((entry) => keyWidth(entry.key) + 3 + widthOf(entry.value, text)));
  return commas + 4 + (hasTrailingComma(value, value.entries, text) ? 1 : 0);
}

const listWidth = (widths: readonly number[]) => widths.reduce((sum, width) => sum + width + 2, widths.length ? -2 : 0);

function hasTrailingComma(list: Span, items: readonly Item[], text: string): boolean {
  const last = items.at(-1);
  return last !== undefined && findComma(text, last.to, list.to - 1) !== undefined;
}

/** The width of a key without blanks around its dots. */
export function keyWidth({ parts }: Key): number {
  return parts.reduce((sum, { from, to }) => sum + to - from + 1, -1);
}
