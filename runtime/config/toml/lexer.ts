import type { Span, TomlError } from './syntax.ts';

/** A cursor over the text with what has been found so far. The one mutable thing in the parser. */
export interface Scanner {
  readonly text: string;
  offset: number;
  /** How many arrays, inline tables and key parts enclose the cursor. */
  depth: number;
  readonly errors: TomlError[];
  readonly comments: Span[];
  /** Where a multi-line string was found that never closes, by its quotes. One that opens later cannot close either. */
  readonly openStrings: Map<string, number>;
}

export function createScanner(text: string): Scanner {
  const byteOrderMark = text.startsWith('\uFEFF') ? 1 : 0;
  return { text, offset: byteOrderMark, depth: 0, errors: [], comments: [], openStrings: new Map() };
}

/** The character under the cursor, or undefined at the end of the text. */
export function peek(scanner: Scanner): string | undefined {
  return scanner.text[scanner.offset];
}

/** Moves past what a sticky `pattern` matches here, and says whether it does. */
export function skip(scanner: Scanner, pattern: RegExp): boolean {
  pattern.lastIndex = scanner.offset;
  const isMatch = pattern.test(scanner.text);
  if (isMatch) scanner.offset = pattern.lastIndex;
  return isMatch;
}

/** Like `skip`, and returns the text, or undefined when there is no match. */
export function take(scanner: Scanner, pattern: RegExp): string | undefined {
  const from = scanner.offset;
  return skip(scanner, pattern) ? scanner.text.slice(from, scanner.offset) : undefined;
}

/**
 * The same text, without the one that it was cut from: V8 keeps the whole of it for a slice of 13 characters, and values
 * outlive many versions of their document.
 */
export function ownText(text: string): string {
  return ` ${text}`.slice(1);
}

export function report(scanner: Scanner, error: TomlError): void {
  scanner.errors.push(error);
}

/** How much had been found when a construct began; what was found before cannot lie inside it. */
export interface Mark {
  readonly errors: number;
  readonly comments: number;
}

export function mark(scanner: Scanner): Mark {
  return { errors: scanner.errors.length, comments: scanner.comments.length };
}

/** Moves back to `offset` and forgets what was found behind it since `since`, because it will be found again. */
export function rewind(scanner: Scanner, offset: number, since: Mark): void {
  scanner.offset = offset;
  dropFrom(scanner.errors, offset, since.errors);
  dropFrom(scanner.comments, offset, since.comments);
}

/** Nested errors come before the error of their container, so those to drop need not be the last ones. */
function dropFrom(spans: Span[], offset: number, since: number): void {
  const kept = spans.slice(since).filter((span) => span.from < offset);
  spans.splice(since, spans.length - since, ...kept);
}

export function skipBlanks(scanner: Scanner): void {
  const { text } = scanner;
  let { offset } = scanner;
  while (text[offset] === ' ' || text[offset] === '\t') offset += 1;
  scanner.offset = offset;
}

export function isLineEnd(text: string, offset: number): boolean {
  const character = text[offset];
  return character === undefined || character === '\n' || (character === '\r' && text[offset + 1] === '\n');
}

/** Where the line that holds `offset` ends: before its line break or at the end of the text. */
export function findLineEnd(text: string, offset: number): number {
  const lineFeed = text.indexOf('\n', offset);
  if (lineFeed < 0) return text.length;
  return lineFeed > offset && text[lineFeed - 1] === '\r' ? lineFeed - 1 : lineFeed;
}

/** Where the line that holds `offset` starts. */
export function findLineStart(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
}

/** The stretch from `from` to the end of its line without trailing blanks, at least one character wide. */
export function restOfLine(text: string, from: number): Span {
  let to = findLineEnd(text, from);
  while (to > from + 1 && (text[to - 1] === ' ' || text[to - 1] === '\t')) to -= 1;
  return { from, to: Math.max(to, from + 1) };
}

export function skipToLineEnd(scanner: Scanner): void {
  scanner.offset = findLineEnd(scanner.text, scanner.offset);
}

function skipLineBreak(scanner: Scanner): void {
  scanner.offset += peek(scanner) === '\r' ? 2 : 1;
}

/** Records the comment at the cursor, which stands on `#`. */
export function scanComment(scanner: Scanner): void {
  const span = { from: scanner.offset, to: findLineEnd(scanner.text, scanner.offset) };
  scanner.offset = span.to;
  scanner.comments.push(span);
  reportControlCharacter(scanner, span, 'comments');
}

/** Skips blanks, comments and line breaks; true when a line break was among them. */
export function skipTrivia(scanner: Scanner): boolean {
  let hasLineBreak = false;
  for (;;) {
    skipBlanks(scanner);
    if (peek(scanner) === '#') {
      scanComment(scanner);
    } else if (peek(scanner) !== undefined && isLineEnd(scanner.text, scanner.offset)) {
      skipLineBreak(scanner);
      hasLineBreak = true;
    } else {
      return hasLineBreak;
    }
  }
}

/** Reports the first character in `span` that TOML bans; line breaks are the caller's business. */
export function reportControlCharacter(scanner: Scanner, span: Span, place: 'comments' | 'strings'): void {
  for (let offset = span.from; offset < span.to; offset++) {
    if (!isBannedControl(scanner.text, offset)) continue;
    const message = `Control characters are not allowed in ${place}`;
    report(scanner, { from: offset, to: offset + 1, code: 'control-character', message });
    return;
  }
}

function isBannedControl(text: string, offset: number): boolean {
  const code = text.charCodeAt(offset);
  if (code >= 0x20) return code === 0x7f;
  return code !== 0x09 && !isLineEnd(text, offset);
}
