import type { Span, TomlDocument } from '../../../runtime/config/toml/syntax.ts';

/** What stands on an offset's line before it. */
export function lineBefore(text: string, offset: number): string {
  return text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
}

/** What stands on an offset's line behind it, without the line break. */
export function lineAfter(text: string, offset: number): string {
  const end = text.indexOf('\n', offset);
  const rest = text.slice(offset, end < 0 ? text.length : end);
  return rest.endsWith('\r') ? rest.slice(0, -1) : rest;
}

/** The part of a span on the cursor's line: editors refuse an edit of a completion that spans several (VS Code). */
export function onCursorLine(text: string, { from, to }: Span, offset: number): Span {
  const start = offset - lineBefore(text, offset).length;
  const end = offset + lineAfter(text, offset).length;
  return { from: Math.min(Math.max(from, start), offset), to: Math.max(Math.min(to, end), offset) };
}

/** The last character before an offset that is neither white space nor in a comment; empty at the start of the text. */
export function characterBefore({ text, comments }: TomlDocument, offset: number): string {
  let at = offset - 1;
  for (;;) {
    while (at >= 0 && /\s/.test(text[at] ?? '')) at -= 1;
    const comment = comments.findLast(({ from }) => from <= at);
    if (comment === undefined || comment.to <= at) return text[at] ?? '';
    at = comment.from - 1;
  }
}
