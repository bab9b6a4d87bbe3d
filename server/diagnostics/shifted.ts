import type { Diagnostic, Position, Range, TextDocumentContentChangeEvent } from 'vscode-languageserver';

/** One edit of a text, with the part that it replaced. */
export type Edit = Extract<TextDocumentContentChangeEvent, { readonly range: Range }>;

/** The lines that a text has when it is inserted, by everything that ends a line to LSP. */
export const linesOf = (text: string): readonly string[] => text.split(/\r\n|\r|\n/);

/** A finding at its place behind an edit; undefined when its beginning was replaced. `width` counts as the client does. */
export function shifted(
  { range, relatedInformation = [], ...finding }: Diagnostic,
  edit: Edit,
  width: (text: string) => number,
): Diagnostic | undefined {
  const moved = shiftedRange(range, edit, width);
  if (moved === undefined) return undefined;
  const related = relatedInformation.flatMap(({ message, location }) => {
    const at = shiftedRange(location.range, edit, width);
    return at ? [{ message, location: { ...location, range: at } }] : [];
  });
  return { ...finding, range: moved, relatedInformation: related };
}

function shiftedRange({ start, end }: Range, edit: Edit, width: (text: string) => number): Range | undefined {
  const [from, to] = [shiftedPosition(start, edit, width), shiftedPosition(end, edit, width)];
  return from && { start: from, end: to ?? from };
}

/** What is inserted in front of a word belongs to it, unless it is a line break. */
function shiftedPosition(
  place: Position,
  { range: { start, end }, text }: Edit,
  width: (text: string) => number,
): Position | undefined {
  const isAtInsertion = compare(place, start) === 0 && compare(start, end) === 0;
  const staysBehind = isAtInsertion && /^[\r\n]/.test(text);
  if (compare(place, start) <= 0 && !staysBehind) return place;
  if (compare(place, end) < 0) return undefined;
  const lines = linesOf(text);
  const line = place.line - end.line + start.line + lines.length - 1;
  if (place.line !== end.line) return { line, character: place.character };
  const before = (lines.length === 1 ? start.character : 0) + width(lines.at(-1) ?? '');
  return { line, character: before + place.character - end.character };
}

function compare(a: Position, b: Position): number {
  return a.line - b.line || a.character - b.character;
}
