import type { KeyValue } from '../../../runtime/config/toml/syntax.ts';
import type { Analysis } from '../../documents/analysis.ts';
import { cursorAt } from '../../text/cursor.ts';
import type { FixMaker, TextChange } from './fix.ts';
import { isFirstOnLine, restBeforeComment, wholeLines } from './lines.ts';

/** The later one goes, for the first one counts. */
export const removeDuplicateKey: FixMaker = (analysis, { span }) => {
  const { document, tree } = analysis.syntax;
  const cursor = cursorAt(document, tree, span.from);
  if (cursor.kind !== 'key' || cursor.entry === undefined) return [];
  const change = cursor.inline
    ? removeFromInline(cursor.inline.entries, cursor.entry)
    : removeEntry(analysis, cursor.entry);
  return change ? [{ title: 'Remove this second definition', changes: [change], isPreferred: true }] : [];
};

/** An entry with its lines; undefined when something else stands on them. */
export function removeEntry({ text }: Analysis, entry: KeyValue): TextChange | undefined {
  const isAlone = isFirstOnLine(text, entry.from) && restBeforeComment(text, entry.to).trim() === '';
  return isAlone ? { ...wholeLines(text, entry), text: '' } : undefined;
}

function removeFromInline(entries: readonly KeyValue[], entry: KeyValue): TextChange | undefined {
  const before = entries[entries.indexOf(entry) - 1];
  return before && { from: before.to, to: entry.to, text: '' };
}
