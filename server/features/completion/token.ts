import type { Span, Value } from '../../../runtime/config/toml/syntax.ts';
import { basicString } from '../../../runtime/config/toml/write.ts';
import { onCursorLine } from './lines.ts';

/** The value under the cursor as it is written, and how another one would be written in its place. */
export interface ValueToken {
  readonly replaces: Span;
  /** The quote that it begins with; empty when there is none. */
  readonly quote: '"' | "'" | '';
  readonly isClosed: boolean;
  /** Between the quote and the cursor, decoded. */
  readonly typed: string;
  /** Where no blank stands between `=` and the cursor. */
  readonly indent: string;
}

/** Undefined where nothing can be put: in strings of several lines, and at the edge of lists and tables. */
export function tokenAt(text: string, value: Value, offset: number): ValueToken | undefined {
  if (value.kind === 'missing') {
    const indent = /[=:,]/.test(text[offset - 1] ?? '') ? ' ' : '';
    return { replaces: { from: offset, to: offset }, quote: '', isClosed: false, typed: '', indent };
  }
  if (value.kind === 'array' || value.kind === 'inline') return undefined;
  if (offset < value.from || offset > value.to) return undefined;
  if (value.kind !== 'string') {
    const replaces = onCursorLine(text, value, offset);
    return { replaces, quote: '', isClosed: true, typed: text.slice(replaces.from, offset), indent: '' };
  }
  if (value.isMultiline || offset === value.from) return undefined;
  const quote = text[value.from] === "'" ? "'" : '"';
  // An open string reaches to the end of its line; what follows the word may belong to something else.
  const to = value.isOpen ? offset + (/^[\w./-]*/.exec(text.slice(offset, value.to))?.[0].length ?? 0) : value.to;
  const isBehind = !value.isOpen && offset === value.to;
  const typed = decode(text.slice(value.from + 1, isBehind ? offset - 1 : offset), quote);
  return { replaces: { from: value.from, to }, quote, isClosed: !value.isOpen, typed, indent: '' };
}

function decode(written: string, quote: string): string {
  if (quote === "'" || !written.includes('\\')) return written;
  try {
    return JSON.parse(`"${written}"`) as string;
  } catch {
    return written;
  }
}

/** A string in the quotes that stand there, as long as they can hold it. */
export function quoted(content: string, quote: ValueToken['quote']): string {
  const isLiteral = quote === "'" && !/['\p{Cc}]/u.test(content);
  return isLiteral ? `'${content}'` : basicString(content);
}
