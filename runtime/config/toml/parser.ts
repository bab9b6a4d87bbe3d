import type { TextChange } from './change/textChange.ts';
import { unchangedSections } from './change/unchanged.ts';
import { parseEntry } from './entries.ts';
import { scanKey } from './keys.ts';
import {
  createScanner,
  isLineEnd,
  peek,
  report,
  restOfLine,
  type Scanner,
  scanComment,
  skip,
  skipBlanks,
  skipToLineEnd,
  skipTrivia,
} from './lexer.ts';
import { endsInComma, isStrayString, startsEntry, startsHeader } from './lookahead.ts';
import type { Header, Key, KeyValue, Section, TomlDocument } from './syntax.ts';

/** A document, and how the text to be read came from its text. */
export interface EarlierDocument {
  readonly document: TomlDocument;
  readonly change: TextChange;
}

const UP_TO_MULTILINE_STRING = /[^\n#]*?(?="""|''')/y;

/**
 * Parses TOML 1.0 and 1.1 into a syntax tree with exact ranges.
 *
 * Never throws. Errors stay local: all entries around one are kept under the table they were written in, and a single
 * slip gives one error and rarely more than three. Redefinitions are found by `analyzeToml`, not here.
 *
 * With an earlier document, sections that the change left alone are taken from it; the result is the same.
 */
export function parseToml(text: string, earlier?: EarlierDocument): TomlDocument {
  const scanner = createScanner(text);
  const unchanged = earlier && unchangedSections(earlier.document, earlier.change);
  const entries = parseEntries(scanner);
  const sections: Section[] = [];
  while (scanner.offset < text.length) sections.push(unchanged?.take(scanner) ?? parseSection(scanner));
  const errors = scanner.errors.toSorted((a, b) => a.from - b.from || a.to - b.to);
  const root = { kind: 'root', from: 0, to: text.length, entries, sections } as const;
  return { text, root, errors, comments: scanner.comments };
}

/**
 * Reads statements up to the next header or the end of the text.
 *
 * Of consecutive unreadable lines only the first is reported: they are most likely the rest of one string or array
 * whose beginning is broken.
 */
function parseEntries(scanner: Scanner): readonly KeyValue[] {
  const entries: KeyValue[] = [];
  let wasReadable = true;
  for (;;) {
    skipTrivia(scanner);
    if (peek(scanner) === undefined || startsHeader(scanner.text, scanner.offset)) return entries;
    const known = scanner.errors.length;
    const entry = parseStatement(scanner);
    if (entry !== undefined) entries.push(entry);
    const isReadable = entry?.equals !== undefined && !endsInComma(scanner.text, scanner.offset);
    finishLine(scanner, known);
    if (!isReadable && !wasReadable) scanner.errors.splice(known);
    wasReadable = isReadable;
  }
}

/** Reads an entry or, when none stands here, reports the line; an entry without `=` also ends its line. */
function parseStatement(scanner: Scanner): KeyValue | undefined {
  const from = scanner.offset;
  const known = scanner.errors.length;
  const isStray = isStrayString(scanner.text, from);
  const entry = isStray ? undefined : parseEntry(scanner);
  if (entry === undefined && scanner.errors.length === known) {
    const first = String.fromCodePoint(scanner.text.codePointAt(from) ?? 0);
    const message = first === '{' ? 'TOML has no braces around keys and tables' : `Unexpected ${first}`;
    report(scanner, { ...restOfLine(scanner.text, from), code: 'unexpected', message });
  }
  if (isStray) skipToLineEnd(scanner);
  else if (entry?.equals === undefined) skipBrokenLine(scanner);
  return entry;
}

function parseSection(scanner: Scanner): Section {
  const known = scanner.errors.length;
  const header = parseHeader(scanner);
  finishLine(scanner, known);
  const entries = parseEntries(scanner);
  return { kind: 'section', from: header.from, to: entries.at(-1)?.to ?? header.to, header, entries };
}

function parseHeader(scanner: Scanner): Header {
  const from = scanner.offset;
  const known = scanner.errors.length;
  const isArray = scanner.text.startsWith('[[', from);
  const closing = isArray ? ']]' : ']';
  scanner.offset += closing.length;
  const key = scanKey(scanner);
  const keyEnd = key?.to ?? scanner.offset;
  skipBlanks(scanner);
  const isClosed = scanner.text.startsWith(closing, scanner.offset);
  if (scanner.errors.length === known) reportHeader(scanner, { from, key, closing, isClosed });
  if (isClosed) scanner.offset += closing.length;
  else skipToLineEnd(scanner);
  return { kind: 'header', from, to: isClosed ? scanner.offset : keyEnd, isArray, key, isClosed };
}

interface HeaderFinding {
  readonly from: number;
  readonly key: Key | undefined;
  readonly closing: string;
  readonly isClosed: boolean;
}

function reportHeader(scanner: Scanner, { from, key, closing, isClosed }: HeaderFinding): void {
  const at = scanner.offset;
  if (key === undefined) {
    report(scanner, {
      from,
      to: Math.max(at, from + 1),
      code: 'missing-key',
      message: 'This header needs a table name',
    });
  } else if (!isClosed && (isLineEnd(scanner.text, at) || peek(scanner) === ']' || peek(scanner) === '#')) {
    report(scanner, { from, to: key.to, code: 'unclosed-header', message: `This header needs ${closing} at its end` });
  } else if (!isClosed) {
    report(scanner, { ...restOfLine(scanner.text, at), code: 'unexpected', message: 'Unexpected text in a header' });
  }
}

/**
 * Moves to the end of the line and reports text that does not belong there, unless the statement on it has an error
 * already. A further `key =` on the same line is left to be read as the next statement.
 */
function finishLine(scanner: Scanner, known: number): void {
  skipBlanks(scanner);
  if (peek(scanner) === '#') scanComment(scanner);
  if (isLineEnd(scanner.text, scanner.offset)) return;
  if (scanner.errors.length === known) {
    const span = restOfLine(scanner.text, scanner.offset);
    report(scanner, { ...span, code: 'expected-newline', message: 'Only one statement may stand on a line' });
  }
  if (!startsEntry(scanner.text, scanner.offset)) skipBrokenLine(scanner);
}

/** Moves to the end of the line, or of the line where a multi-line string ends that opens on this one. */
function skipBrokenLine(scanner: Scanner): void {
  const from = scanner.offset;
  if (skip(scanner, UP_TO_MULTILINE_STRING)) {
    const quotes = scanner.text.slice(scanner.offset, scanner.offset + 3);
    const closing = scanner.text.indexOf(quotes, scanner.offset + 3);
    scanner.offset = closing < 0 ? from : closing + 3;
  }
  skipToLineEnd(scanner);
}
