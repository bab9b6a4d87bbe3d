import type { Span, TomlDocument } from '../../../runtime/config/toml/syntax.ts';

/** What stands on an offset's line before it. */
export function lineBefore(text: string, offset: number): string {
  const start = offset === 0 ? -1 : Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1));
  return text.slice(start + 1, offset);
}

/** What stands on an offset's line behind it, without the line break. */
export function lineAfter(text: string, offset: number): string {
  const ends = [text.indexOf('\n', offset), text.indexOf('\r', offset)].filter((end) => end >= 0);
  return text.slice(offset, Math.min(text.length, ...ends));
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
