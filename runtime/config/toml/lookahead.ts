/*
 * TOML is line-structured, which makes recovery cheap: a line that can only start a new statement ends whatever was
 * left open above it. The patterns here must therefore never match a line that may continue a valid array, inline
 * table or string at the place where they are asked.
 */
import { findLineEnd } from './lexer.ts';

const KEY_PART = String.raw`(?:[\w-]+|"[^"\n]*"|'[^'\n]*')`;
const ENTRY = String.raw`[ \t]*${KEY_PART}(?:[ \t]*\.[ \t]*${KEY_PART})*[ \t]*=`;
const ENTRY_START = new RegExp(ENTRY, 'y');

/** A value that begins like one; tells `cpus = 4` from a shell script's `FOO=bar`. */
const PLAUSIBLE_ENTRY = new RegExp(String.raw`${ENTRY}[ \t]*(?:["'\[{+\-\d]|(?:true|false|inf|nan)\b)`, 'y');

/** A name that could not be an array item: `[true]`, `[1.5]` and `["a"]` may all stand inside an array. */
const HEADER_NAME = String.raw`(?!(?:true|false|inf|nan)\b)(?:[A-Za-z_][\w-]*|(?:"[^"\n]*"|'[^'\n]*')[ \t]*\.)`;
const HEADER_START = new RegExp(String.raw`[ \t]*\[\[?[ \t]*${HEADER_NAME}[^\n=,#]*(?:[\n#]|$)`, 'y');

/** Blank and comment lines, and lines that may continue a multi-line array or inline table. */
const PLAUSIBLE_CONTINUATION = /[ \t]*(?:$|[\r\n#"'[\]{},+\-\d]|(?:true|false|inf|nan)\b)/y;

/** `[1, 2],` is part of an array whose beginning is broken, and `[key = 1` an entry behind a stray bracket. */
const NO_HEADER = /\[\[?[^\]\n#"']*[,=]/y;

/** Tells `cpus: 4` from prose and URLs. */
const COLON_BEFORE_VALUE = /:[ \t]*(?:["'[{+\-\d]|(?:true|false|inf|nan)\b)/y;

/** Triple quotes that do not even try to be a key: the end of a string whose beginning is broken. */
const STRAY_STRING = /("""|''')(?![^\n]*\1[ \t]*[=.])/y;
const TRAILING_COMMA = /[ \t]*,[ \t]*(?:[\r\n#]|$)/y;

function matchesAt(pattern: RegExp, text: string, offset: number): boolean {
  pattern.lastIndex = offset;
  return pattern.test(text);
}

/** Whether `key =` stands here. */
export function startsEntry(text: string, offset: number): boolean {
  return matchesAt(ENTRY_START, text, offset);
}

/** Whether the line from here on is `key =` or a header, and not an item of an array. */
export function startsStatement(text: string, offset: number): boolean {
  return startsEntry(text, offset) || matchesAt(HEADER_START, text, offset);
}

/** Whether a header or what should become one stands here. */
export function startsHeader(text: string, offset: number): boolean {
  return text[offset] === '[' && !matchesAt(NO_HEADER, text, offset);
}

/** Whether a colon and a value stand here, as in YAML and JSON. */
export function startsColonValue(text: string, offset: number): boolean {
  return matchesAt(COLON_BEFORE_VALUE, text, offset);
}

/** Whether triple quotes stand here at the start of a statement, where no string can be. */
export function isStrayString(text: string, offset: number): boolean {
  return matchesAt(STRAY_STRING, text, offset);
}

/** Whether nothing but a comma follows on the line, as after an entry of an inline table that lost its open brace. */
export function endsInComma(text: string, offset: number): boolean {
  return matchesAt(TRAILING_COMMA, text, offset);
}

/**
 * Where to end a multi-line string that never closes: before the part of the document that reads as TOML to its end.
 *
 * The first `key =` line alone would not do, because such strings often hold shell scripts.
 */
export function findOpenStringEnd(text: string, from: number): number {
  let candidate = text.length;
  let lineEnd = findLineEnd(text, from);
  while (lineEnd < text.length) {
    const lineStart = text.indexOf('\n', lineEnd) + 1;
    if (matchesAt(PLAUSIBLE_ENTRY, text, lineStart) || matchesAt(HEADER_START, text, lineStart)) {
      candidate = Math.min(candidate, lineEnd);
    } else if (!matchesAt(PLAUSIBLE_CONTINUATION, text, lineStart)) {
      candidate = text.length;
    }
    lineEnd = findLineEnd(text, lineStart);
  }
  return candidate;
}
