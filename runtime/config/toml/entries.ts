import { MAX_DEPTH, scanKey } from './keys.ts';
import {
  findLineEnd,
  findLineStart,
  isLineEnd,
  peek,
  report,
  type Scanner,
  skipBlanks,
  skipToLineEnd,
} from './lexer.ts';
import { type ListRules, type ListState, parseList } from './lists.ts';
import { startsColonValue, startsEntry, startsStatement } from './lookahead.ts';
import { scanScalar } from './scalars.ts';
import { scanString } from './strings.ts';
import type { Key, KeyValue, MissingValue, Value } from './syntax.ts';

const ARRAY_RULES: ListRules<Value> = {
  closer: ']',
  unclosed: { code: 'unclosed-array', message: 'This array is not closed' },
  holeBeforeComma: { code: 'missing-value', message: 'A value must stand before the comma' },
  missingComma: 'Array items are separated by commas',
  parseItem: parseValue,
  isOpen: isOpenValue,
  isBroken: (item) => isOpenValue(item) || item.kind === 'invalid',
  startsStatement: (scanner) => startsStatement(scanner.text, scanner.offset),
  isNextStatement: () => false,
};

const INLINE_TABLE_RULES: ListRules<KeyValue> = {
  closer: '}',
  unclosed: { code: 'unclosed-inline-table', message: 'This inline table is not closed' },
  holeBeforeComma: { code: 'missing-key', message: 'A key must stand before the comma' },
  missingComma: 'Entries of an inline table are separated by commas',
  parseItem: parseEntry,
  isOpen: isOpenEntry,
  isBroken: (item) => isOpenEntry(item) || item.value.kind === 'missing' || item.value.kind === 'invalid',
  startsStatement: (scanner, table) =>
    peek(scanner) === '[' || (table.needsComma && startsOutside(scanner, scanner.offset, table)),
  // TOML 1.1 lets entries stand below an open brace, so a forgotten brace takes in the line below it at first.
  isNextStatement: (scanner, item, table) =>
    table.needsComma && !isOpenEntry(item) && startsOutside(scanner, item.from, table),
};

/** Reads the value under the cursor, which may span lines; undefined when nothing here looks like one. */
export function parseValue(scanner: Scanner): Value | undefined {
  switch (peek(scanner)) {
    case '"':
    case "'":
      return scanString(scanner);
    case '[':
      return nested(scanner, parseArray);
    case '{':
      return nested(scanner, parseInlineTable);
    default:
      return scanScalar(scanner);
  }
}

function parseArray(scanner: Scanner): Value {
  const { from, to, items, isOpen } = parseList(scanner, ARRAY_RULES);
  return { kind: 'array', from, to, items, isOpen };
}

function parseInlineTable(scanner: Scanner): Value {
  const { from, to, items, isOpen } = parseList(scanner, INLINE_TABLE_RULES);
  return { kind: 'inline', from, to, entries: items, isOpen };
}

function nested(scanner: Scanner, parse: (scanner: Scanner) => Value): Value {
  if (scanner.depth >= MAX_DEPTH) return skipTooDeep(scanner);
  scanner.depth += 1;
  const value = parse(scanner);
  scanner.depth -= 1;
  return value;
}

function skipTooDeep(scanner: Scanner): Value {
  const from = scanner.offset;
  report(scanner, { from, to: from + 1, code: 'too-deep', message: `Values nest at most ${MAX_DEPTH} levels deep` });
  do {
    scanner.offset += 1;
    skipToLineEnd(scanner);
  } while (scanner.offset < scanner.text.length && !startsStatement(scanner.text, nextLine(scanner)));
  return { kind: 'array', from, to: scanner.offset, items: [], isOpen: true };
}

function nextLine(scanner: Scanner): number {
  return scanner.text.indexOf('\n', scanner.offset) + 1;
}

/** Reads `key = value` with whatever is missing in it; undefined when nothing here looks like an entry. */
export function parseEntry(scanner: Scanner): KeyValue | undefined {
  const key = scanKey(scanner);
  skipBlanks(scanner);
  if (key !== undefined) return finishEntry(scanner, key);
  const from = scanner.offset;
  if (peek(scanner) !== '=') return undefined;
  report(scanner, { from, to: from + 1, code: 'missing-key', message: 'A key must stand before "="' });
  return finishEntry(scanner, { from, to: from, parts: [], isComplete: false });
}

function finishEntry(scanner: Scanner, key: Key): KeyValue {
  const equals = scanEquals(scanner, key);
  if (equals === undefined) {
    const value: MissingValue = { kind: 'missing', from: key.to, to: key.to };
    scanner.offset = Math.max(key.to, scanner.offset);
    return { kind: 'keyValue', from: key.from, to: key.to, key, equals, value };
  }
  const value = parseEntryValue(scanner, key, equals);
  return { kind: 'keyValue', from: key.from, to: Math.max(equals + 1, value.to), key, equals, value };
}

function scanEquals(scanner: Scanner, key: Key): number | undefined {
  const from = scanner.offset;
  if (peek(scanner) === '=') {
    scanner.offset += 1;
    return from;
  }
  if (startsColonValue(scanner.text, from)) {
    report(scanner, { from, to: from + 1, code: 'colon', message: 'TOML writes "=" between key and value' });
    scanner.offset += 1;
    return from;
  }
  if (key.isComplete) {
    const { from, to } = key;
    report(scanner, { from, to, code: 'missing-equals', message: 'This key needs "=" and a value' });
  }
  return undefined;
}

function parseEntryValue(scanner: Scanner, key: Key, equals: number): Value {
  skipBlanks(scanner);
  const at = scanner.offset;
  const levels = key.parts.length;
  scanner.depth += levels;
  const value = parseValue(scanner);
  scanner.depth -= levels;
  if (value !== undefined) return value;
  report(scanner, { from: equals, to: equals + 1, code: 'missing-value', message: 'A value must follow "="' });
  return { kind: 'missing', from: at, to: at };
}

function isOpenValue(value: Value): boolean {
  return (value.kind === 'string' || value.kind === 'array' || value.kind === 'inline') && value.isOpen;
}

function isOpenEntry(entry: KeyValue): boolean {
  const hasOpenKey = entry.equals === undefined && !entry.key.isComplete && entry.key.parts.at(-1)?.isQuoted === true;
  return hasOpenKey || isOpenValue(entry.value);
}

/** Whether an entry at `offset` starts its line, no deeper than the line of the open brace, and ends without a comma. */
function startsOutside(scanner: Scanner, offset: number, table: ListState<KeyValue>): boolean {
  const { text } = scanner;
  if (!startsEntry(text, offset)) return false;
  const lineStart = findLineStart(text, offset);
  const isFirstOnLine = text.slice(lineStart, offset).trim() === '';
  if (!isFirstOnLine || lineStart <= table.from) return false;
  const lineEnd = findLineEnd(text, offset);
  const endsLikeAnItem = /[,}][ \t]*(?:#.*)?$/.test(text.slice(offset, lineEnd));
  return !endsLikeAnItem && offset - lineStart <= indentationAt(text, table.from);
}

function indentationAt(text: string, offset: number): number {
  const lineStart = findLineStart(text, offset);
  let column = lineStart;
  while (!isLineEnd(text, column) && (text[column] === ' ' || text[column] === '\t')) column += 1;
  return column - lineStart;
}
