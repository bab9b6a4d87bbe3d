/** A text with one `|` where the cursor is, taken out. */
export function cursor(marked: string): { readonly text: string; readonly offset: number; readonly position: Place } {
  const offset = marked.indexOf('|');
  if (offset < 0 || marked.indexOf('|', offset + 1) >= 0) throw new Error('a text needs exactly one |');
  const before = marked.slice(0, offset).split('\n');
  const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
  return { text: marked.slice(0, offset) + marked.slice(offset + 1), offset, position };
}

export interface Place {
  readonly line: number;
  readonly character: number;
}
