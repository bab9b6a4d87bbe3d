import { findLineEnd, type Scanner } from '../lexer.ts';
import type { Section, TomlDocument } from '../syntax.ts';
import { shiftSection, shiftSpan } from './shift.ts';
import type { TextChange } from './textChange.ts';

/** Gives out the sections of an earlier text that the text under the cursor has as they were. */
export interface UnchangedSections {
  /** The section that begins at the cursor, which moves to where the next one begins; undefined when it must be read. */
  take(scanner: Scanner): Section | undefined;
}

/**
 * How a section without a mistake reads depends on its own text and the line below it only, wherever it stands. Where
 * a mistake may reach is unknown, so what has one is read again; an open multi-line string may reach over everything.
 */
export function unchangedSections(document: TomlDocument, change: TextChange): UnchangedSections {
  const { comments, errors } = document;
  const { sections } = document.root;
  const isUsable = !errors.some(({ code }) => code === 'unterminated-string');
  let [at, comment, error] = [0, 0, 0];
  const isInFront = (end: number) => end < change.before.length && findLineEnd(change.before, end) < change.from;
  return {
    take(scanner) {
      if (!isUsable || scanner.openStrings.size > 0) return undefined;
      const isBehind = scanner.offset >= change.from;
      const shift = isBehind ? change.shift : 0;
      const from = scanner.offset - shift;
      if (isBehind && from < change.to) return undefined;
      at = skipBefore(sections, at, from);
      const section = sections[at];
      if (section?.from !== from) return undefined;
      const end = sections[at + 1]?.from ?? change.before.length;
      error = skipBefore(errors, error, from);
      if (!(isBehind || isInFront(end)) || (errors[error]?.from ?? end) < end) return undefined;
      comment = skipBefore(comments, comment, from);
      for (let each = comments[comment]; each && each.from < end; each = comments[++comment]) {
        scanner.comments.push(shiftSpan(each, shift));
      }
      scanner.offset = end + shift;
      return shiftSection(section, shift);
    },
  };
}

/** The first of `spans`, from `start` on, that does not begin before `from`. */
function skipBefore(spans: readonly { readonly from: number }[], start: number, from: number): number {
  let at = start;
  while ((spans[at]?.from ?? from) < from) at += 1;
  return at;
}
