import type { Span } from '../syntax.ts';
import { countLineFeeds, type Layout } from './layout.ts';

/** Replaces a stretch of the text, which is white space, and at most a comma that may stand or not. */
export interface Edit extends Span {
  readonly text: string;
}

/** One edit per gap between tokens that differs from what is wanted, in the order of the text. */
export function editsOf(layout: Layout): readonly Edit[] {
  const { text, pieces } = layout;
  const edits: Edit[] = [];
  let end = text.startsWith('\uFEFF') ? 1 : 0;
  for (const { from, to, before } of pieces) {
    addEdit(edits, text, { from: end, to: from, text: before });
    end = to;
  }
  addEdit(edits, text, { from: end, to: text.length, text: endOfText(layout) });
  return edits;
}

/** Neighbours become one edit, so that no client has to order an insertion and a replacement at one place. */
function addEdit(edits: Edit[], text: string, edit: Edit): void {
  const last = edits.at(-1);
  if (text.slice(edit.from, edit.to) === edit.text) return;
  if (last?.to === edit.from) edits.splice(-1, 1, { from: last.from, to: edit.to, text: last.text + edit.text });
  else edits.push(edit);
}

/** The line breaks behind the last token. */
function endOfText({ text, style, pieces, end, lineBreak }: Layout): string {
  if (pieces.length === 0) return '';
  const found = countLineFeeds(text, end, text.length);
  const kept = style.trimFinalNewlines ? Math.min(found, 1) : found;
  return lineBreak.repeat(style.insertFinalNewline ? Math.max(kept, 1) : kept);
}

export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = '';
  let end = 0;
  for (const edit of edits) {
    result += text.slice(end, edit.from) + edit.text;
    end = edit.to;
  }
  return result + text.slice(end);
}

/** The edits that change something within ranges. Each may be left out without harm to the others. */
export function editsWithin(edits: readonly Edit[], ranges: readonly Span[]): readonly Edit[] {
  return edits.filter((edit) => ranges.some((range) => isWithin(edit, range)));
}

const isWithin = ({ from, to }: Edit, range: Span): boolean =>
  from === to ? range.from <= from && from <= range.to : from < range.to && range.from < to;
