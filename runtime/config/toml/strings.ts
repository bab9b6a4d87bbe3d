import {
  findLineEnd,
  type Mark,
  mark,
  ownText,
  peek,
  report,
  reportControlCharacter,
  rewind,
  type Scanner,
  skip,
  take,
} from './lexer.ts';
import { findOpenStringEnd } from './lookahead.ts';
import type { StringValue } from './syntax.ts';

/** How one string is written, and where it has to end. */
interface StringForm {
  readonly from: number;
  readonly quote: '"' | "'";
  readonly closing: string;
  readonly isMultiline: boolean;
  /** Where the text for this string runs out: the line's end, or the document's. */
  readonly limit: number;
}

interface OpenStart {
  readonly contentFrom: number;
  readonly since: Mark;
}

interface StringBody {
  readonly value: string;
  readonly isClosed: boolean;
}

const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['b', '\b'],
  ['t', '\t'],
  ['n', '\n'],
  ['f', '\f'],
  ['r', '\r'],
  ['e', '\u001B'],
  ['"', '"'],
  ['\\', '\\'],
]);
const HEX_ESCAPE_DIGITS: ReadonlyMap<string, number> = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
]);
const HEX_DIGITS = /[\da-fA-F]*/y;
const LINE_CONTINUATION = /\\[ \t]*\r?\n(?:[ \t]|\r?\n)*/y;
const PLAIN_TEXT = { '"': /[^"\\\n]+/y, "'": /[^'\n]+/y };
const FIRST_LINE_BREAK = /\r?\n/y;

/** Reads any of the four kinds of string; the cursor stands on the opening quote. */
export function scanString(scanner: Scanner): StringValue {
  const from = scanner.offset;
  const quote = peek(scanner) === '"' ? '"' : "'";
  const tripled = quote.repeat(3);
  const lineEnd = findLineEnd(scanner.text, from);
  if (scanner.text.startsWith(tripled, from)) {
    const limit = isAfterOpenString(scanner, from, tripled) ? lineEnd : scanner.text.length;
    return scanMultiline(scanner, { from, quote, closing: tripled, isMultiline: true, limit });
  }
  return scanSingleLine(scanner, { from, quote, closing: quote, isMultiline: false, limit: lineEnd });
}

function scanSingleLine(scanner: Scanner, form: StringForm): StringValue {
  scanner.offset += 1;
  const body = scanBody(scanner, form);
  const span = { from: form.from, to: scanner.offset };
  if (!body.isClosed) report(scanner, { ...span, code: 'unterminated-string', message: 'This string is not closed' });
  reportControlCharacter(scanner, span, 'strings');
  const { value, isClosed } = body;
  return { kind: 'string', from: span.from, to: span.to, value, isMultiline: false, isOpen: !isClosed };
}

function scanMultiline(scanner: Scanner, form: StringForm): StringValue {
  scanner.offset += 3;
  skip(scanner, FIRST_LINE_BREAK);
  const contentFrom = scanner.offset;
  const since = mark(scanner);
  const body = scanBody(scanner, form);
  if (!body.isClosed) return recoverMultiline(scanner, form, { contentFrom, since });
  const span = { from: form.from, to: scanner.offset };
  reportControlCharacter(scanner, span, 'strings');
  return { kind: 'string', ...span, value: body.value, isMultiline: true, isOpen: false };
}

function recoverMultiline(scanner: Scanner, form: StringForm, start: OpenStart): StringValue {
  const { from } = form;
  const to = endOfOpenString(scanner, form);
  rewind(scanner, to, start.since);
  const message = `This string is not closed; it needs ${form.closing} at its end`;
  report(scanner, { from, to: from + 3, code: 'unterminated-string', message });
  const value = scanner.text.slice(start.contentFrom, to);
  return { kind: 'string', from, to, value, isMultiline: true, isOpen: true };
}

/** Looks through the rest of the text for the first open string only, so that many of them cost no more than one. */
function endOfOpenString(scanner: Scanner, { from, closing }: StringForm): number {
  if (isAfterOpenString(scanner, from, closing)) return findLineEnd(scanner.text, from);
  scanner.openStrings.set(closing, from);
  return findOpenStringEnd(scanner.text, from);
}

function isAfterOpenString(scanner: Scanner, from: number, closing: string): boolean {
  return from > (scanner.openStrings.get(closing) ?? from);
}

function scanBody(scanner: Scanner, form: StringForm): StringBody {
  const { text } = scanner;
  let value = '';
  let segmentFrom = scanner.offset;
  while (scanner.offset < form.limit) {
    const character = peek(scanner);
    if (character === '\\' && form.quote === '"') {
      value += text.slice(segmentFrom, scanner.offset) + scanEscape(scanner, form);
      segmentFrom = scanner.offset;
    } else if (character === form.quote && text.startsWith(form.closing, scanner.offset)) {
      value += text.slice(segmentFrom, scanClosing(scanner, form));
      return { value: ownText(value), isClosed: true };
    } else if (!skip(scanner, PLAIN_TEXT[form.quote])) {
      scanner.offset += 1;
    }
  }
  scanner.offset = form.limit;
  return { value: value + text.slice(segmentFrom, form.limit), isClosed: false };
}

/** Moves past the closing quotes and returns where the content ends: `"""""` closes a string that ends in two quotes. */
function scanClosing(scanner: Scanner, form: StringForm): number {
  let contentTo = scanner.offset;
  if (form.isMultiline) {
    while (contentTo < scanner.offset + 2 && scanner.text[contentTo + 3] === form.quote) contentTo += 1;
  }
  scanner.offset = contentTo + form.closing.length;
  return contentTo;
}

function scanEscape(scanner: Scanner, form: StringForm): string {
  const from = scanner.offset;
  const codePoint = scanner.text.codePointAt(from + 1);
  if (from + 1 >= form.limit || codePoint === undefined) {
    scanner.offset = form.limit; // The string is open; that is reported already.
    return '';
  }
  const letter = String.fromCodePoint(codePoint);
  const digits = HEX_ESCAPE_DIGITS.get(letter);
  if (digits !== undefined) return scanHexEscape(scanner, form, digits);
  if (form.isMultiline && skip(scanner, LINE_CONTINUATION)) return '';
  scanner.offset += 1 + letter.length;
  const escaped = SIMPLE_ESCAPES.get(letter);
  if (escaped === undefined) reportEscape(scanner, form, { from, message: `\\${letter} is not an escape sequence` });
  return escaped ?? '';
}

function scanHexEscape(scanner: Scanner, form: StringForm, digits: number): string {
  const from = scanner.offset;
  scanner.offset += 2;
  const hex = (take(scanner, HEX_DIGITS) ?? '').slice(0, digits);
  scanner.offset = from + 2 + hex.length;
  if (hex.length < digits) {
    const message = `\\${scanner.text[from + 1]} needs ${digits} hexadecimal digits`;
    reportEscape(scanner, form, { from, message });
    return '';
  }
  const codePoint = Number.parseInt(hex, 16);
  if (codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff)) {
    reportEscape(scanner, form, { from, message: `U+${hex} is not a Unicode character` });
    return '';
  }
  return String.fromCodePoint(codePoint);
}

/** Reports the first bad escape of a string only: a Windows path in double quotes is one mistake, not one per folder. */
function reportEscape(scanner: Scanner, form: StringForm, error: { from: number; message: string }): void {
  const previous = scanner.errors.at(-1);
  if (previous?.code === 'invalid-escape' && previous.from > form.from) return;
  const message = `${error.message}; write \\\\ for a backslash, or use single quotes`;
  report(scanner, { from: error.from, to: scanner.offset, code: 'invalid-escape', message });
}
