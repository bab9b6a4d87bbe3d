import { parseToml } from '../parser.ts';
import type { Span, TomlDocument } from '../syntax.ts';
import { applyEdits, type Edit } from './edits.ts';
import { type OutlinedDocument, outlineOf } from './outline.ts';

/**
 * Whether a document without a mistake reads the same after its edits. A section reads the same wherever it stands, so
 * only those are read again that something changes in.
 */
export function readsTheSame(document: TomlDocument, edits: readonly Edit[]): boolean {
  const { text, root, comments } = document;
  let [edit, comment] = [0, 0];
  const take = (to: number) => {
    const [own, notes] = [beginningBefore(edits, edit, to), beginningBefore(comments, comment, to)];
    edit += own.length;
    comment += notes.length;
    return { own, notes };
  };
  for (let at = -1; at < root.sections.length; at++) {
    const section = root.sections[at];
    const from = section?.from ?? 0;
    const end = root.sections[at + 1]?.from;
    // What is added behind the end of the text is of the last section.
    const { own, notes } = take(end ?? text.length + 1);
    if (own.length === 0) continue;
    const parts = section ? { entries: [], sections: [section] } : { entries: root.entries, sections: [] };
    const before = { text: text.slice(0, end), comments: notes, root: parts };
    const moved = own.map((each) => ({ from: each.from - from, to: each.to - from, text: each.text }));
    if (!isSame(before, parseToml(applyEdits(text.slice(from, end), moved)))) return false;
  }
  return true;
}

/** Of `spans`, from `start` on, those that begin before `to`. */
function beginningBefore<Each extends Span>(spans: readonly Each[], start: number, to: number): readonly Each[] {
  let end = start;
  while ((spans[end]?.from ?? to) < to) end += 1;
  return spans.slice(start, end);
}

function isSame(before: OutlinedDocument, after: TomlDocument): boolean {
  if (after.errors.length > 0) return false;
  const [old, fresh] = [outlineOf(before), outlineOf(after)];
  return old.length === fresh.length && old.every((token, index) => token === fresh[index]);
}
