/*
 * `# castra: ignore CODE[, CODE…]` hides warnings and infos that begin on its own line or, when nothing else stands on
 * that line, on the next one that is not a comment. Errors cannot be hidden: the command would fail all the same.
 */

import {
  canBeIgnored,
  type DiagnosticCode,
  diagnosticCodes,
  factsOf,
  isDiagnosticCode,
} from '../../contract/diagnosticCodes.ts';
import type { Diagnostic } from '../../contract/diagnostics.ts';
import { type LineIndex, positionAt, rangeOf } from '../toml/positions.ts';
import type { Span, TomlDocument } from '../toml/syntax.ts';
import { suggest } from './suggest.ts';

/** The codes that a comment can name. */
export const IGNORABLE: readonly DiagnosticCode[] = Object.keys(diagnosticCodes)
  .filter(isDiagnosticCode)
  .filter(canBeIgnored);

/** Those of `config/` are written without it as well: they are the ones that most comments are about. */
const shortName = (code: string): string => code.replace(/^config\//, '');

/** One code in a comment. */
export interface Suppression extends Span {
  /** As written: with the part before the slash or without. */
  readonly code: string;
  /** The line that it is about, from 1. */
  readonly line: number;
}

const COMMENT = /^#[ \t]*castra:[ \t]*ignore\b[ \t:]*/;

export function readSuppressions({ text, comments }: TomlDocument, index: LineIndex): Suppression[] {
  return comments.flatMap((comment) => {
    const written = text.slice(comment.from, comment.to);
    const start = COMMENT.exec(written)?.[0].length;
    if (start === undefined) return [];
    const line = lineMeant(comment, text, index);
    return [...written.slice(start).matchAll(/[^\s,]+/g)].map((match) => {
      const from = comment.from + start + match.index;
      return { from, to: from + match[0].length, code: match[0], line };
    });
  });
}

function lineMeant({ from }: Span, text: string, { starts, ends }: LineIndex): number {
  const { line } = positionAt({ starts, ends }, from);
  const isAlone = text.slice(starts[line - 1], from).trim() === '';
  if (!isAlone) return line;
  let below = line;
  while (below < starts.length && /^[ \t]*#/.test(text.slice(starts[below], ends[below]))) below += 1;
  return below + 1;
}

/** Whether a comment hides a finding. For findings that are made after the analysis too. */
export function isSuppressed(finding: Diagnostic, suppressions: readonly Suppression[]): boolean {
  return finding.severity !== 'error' && suppressions.some((suppression) => isAbout(suppression, finding));
}

function isAbout({ code, line }: Suppression, finding: Diagnostic): boolean {
  if (finding.range?.start.line !== line) return false;
  return finding.code === code || finding.code.slice(finding.code.indexOf('/') + 1) === code;
}

/** The findings that are left, and one for each comment that hides nothing, in the order of the text. */
export function applySuppressions(
  findings: readonly Diagnostic[],
  suppressions: readonly Suppression[],
  place: { readonly path: string; readonly index: LineIndex },
): readonly Diagnostic[] {
  if (suppressions.length === 0) return findings;
  const kept = findings.filter((finding) => !isSuppressed(finding, suppressions));
  const useless = suppressions.flatMap((suppression): Diagnostic[] => {
    const problem = explainUseless(suppression, findings);
    if (problem === undefined) return [];
    const range = rangeOf(place.index, suppression.from, suppression.to);
    return [{ severity: 'warning', code: 'config/useless-ignore', ...problem, path: place.path, range }];
  });
  return [...kept, ...useless].toSorted((a, b) => startOf(a) - startOf(b));
}

/** Lines and columns in one number: no line has a million columns. */
const startOf = ({ range }: Diagnostic): number => (range ? range.start.line * 1e6 + range.start.column : 0);

function explainUseless(
  suppression: Suppression,
  findings: readonly Diagnostic[],
): Pick<Diagnostic, 'message' | 'help'> | undefined {
  const { code } = suppression;
  const about = findings.filter((finding) => isAbout(suppression, finding));
  if (about.some(({ severity }) => severity !== 'error')) return undefined;
  if (about.length > 0)
    return { message: `"${code}" is an error, which cannot be ignored.`, help: 'Correct the line.' };
  const known = knownCode(code);
  if (known === undefined || !canBeIgnored(known)) {
    const meant = suggest(shortName(code), IGNORABLE.map(shortName));
    return {
      message: known ? `"${code}" is an error, which cannot be ignored.` : `Castra has no warning "${code}".`,
      help: meant && !known ? `Did you mean "${meant}"?` : 'Remove it.',
    };
  }
  if (factsOf(known).found !== 'text') return undefined;
  return { message: `No "${code}" to ignore on line ${suppression.line}.`, help: 'Remove it.' };
}

function knownCode(written: string): DiagnosticCode | undefined {
  return [written, `config/${written}`].find(isDiagnosticCode);
}
