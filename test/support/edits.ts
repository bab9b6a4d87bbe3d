import type { Place } from './marks.ts';

export interface Edit {
  readonly range: { readonly start: Place; readonly end: Place };
  readonly newText: string;
}

/** A text after one edit of a client that counts UTF-16 code units. */
export function applyEdit(text: string, { range, newText }: Edit): string {
  return text.slice(0, offsetOf(text, range.start)) + newText + text.slice(offsetOf(text, range.end));
}

function offsetOf(text: string, { line, character }: Place): number {
  const lines = text.split('\n');
  const before = lines.slice(0, line).reduce((length, one) => length + one.length + 1, 0);
  if (line >= lines.length || character > (lines[line]?.length ?? 0)) throw new Error('an edit outside of the text');
  return before + character;
}
