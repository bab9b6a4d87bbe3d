import { findLineEnd, findLineStart } from '../../../runtime/config/toml/lexer.ts';
import type { Span } from '../../../runtime/config/toml/syntax.ts';

/** The line break that a text has. */
export function lineBreak(text: string): string {
  const at = text.indexOf('\n');
  return at > 0 && text[at - 1] === '\r' ? '\r\n' : '\n';
}

/** The blanks that an offset's line begins with. */
export function indentAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(findLineStart(text, offset), offset))?.[0] ?? '';
}

/** Whether only blanks stand before an offset on its line. */
export function isFirstOnLine(text: string, offset: number): boolean {
  return (
    text
      .slice(findLineStart(text, offset), offset)
      .replace(/^\uFEFF/, '')
      .trim() === ''
  );
}

/** The lines that a span is on, with the line break behind them or, at the end of the text, the one before. */
export function wholeLines(text: string, { from, to }: Span): Span {
  const start = findLineStart(text, from);
  const end = text.indexOf('\n', Math.max(to - 1, from));
  const isLast = end < 0;
  const hasBreakBefore = isLast && start > 0;
  const before = hasBreakBefore ? start - (text[start - 2] === '\r' ? 2 : 1) : start;
  return { from: Math.max(before, text.startsWith('\uFEFF') ? 1 : 0), to: isLast ? text.length : end + 1 };
}

/** What stands on a line behind an offset, up to its comment. */
export function restBeforeComment(text: string, offset: number): string {
  return text.slice(offset, findLineEnd(text, offset)).replace(/#.*$/, '');
}
