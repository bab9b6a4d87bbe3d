import type { Diagnostic } from 'vscode-languageserver';
import { factsOf, isDiagnosticCode, type Unfinished } from '../../runtime/contract/diagnosticCodes.ts';
import type { Analysis } from '../documents/analysis.ts';
import { type LineSpan, overlaps } from './typing.ts';

/** What is being written in a text, and what was said of it before, at the places where that stands now. */
export interface Writing {
  readonly lines: LineSpan;
  readonly shown: readonly Diagnostic[];
  /** What waited when the cursor left its line: it waits no longer. */
  readonly released: readonly Diagnostic[];
}

/** What of the findings of a text is shown while its `lines` are being written, and what waits. */
export interface Quieted {
  readonly shown: readonly Diagnostic[];
  readonly waiting: readonly Diagnostic[];
}

/**
 * Who types `cpu` knows that it is not a key. What only says that the lines being written are unfinished waits, and so
 * does what follows from them on other lines. What is shown already stays.
 */
export function quieted(analysis: Analysis, found: readonly Diagnostic[], writing: Writing): Quieted {
  const { lines, shown: said, released } = writing;
  const known = new Set([...said, ...released].map(identityOf));
  const mayShow = (finding: Diagnostic): boolean => {
    if (waits(analysis, finding, lines)) return said.some((one) => identityOf(one) === identityOf(finding));
    return known.has(identityOf(finding)) || overlaps(linesOf(finding), lines);
  };
  const waiting = found.filter((finding) => !mayShow(finding));
  const shown = found.filter(mayShow);
  if (!waiting.some((finding) => isSyntax(finding) && overlaps(linesOf(finding), lines))) return { shown, waiting };
  // An open string or list takes in lines that are not its own, and their findings are away until it is closed.
  const present = new Set(found.map(identityOf));
  const hidden = said.filter((one) => !present.has(identityOf(one)) && !overlaps(linesOf(one), lines));
  return { shown: [...shown, ...hidden].toSorted(byPosition), waiting };
}

const identityOf = ({ code, range: { start } }: Diagnostic): string => `${code} ${start.line}:${start.character}`;

const isSyntax = ({ code }: Diagnostic): boolean => String(code).startsWith('toml/');

const linesOf = ({ range: { start, end } }: Diagnostic): LineSpan => ({ first: start.line, last: end.line });

function byPosition(a: Diagnostic, b: Diagnostic): number {
  return a.range.start.line - b.range.start.line || a.range.start.character - b.range.start.character;
}

/** Whether a finding is one that may come from the lines being unfinished. */
function waits(analysis: Analysis, finding: Diagnostic, lines: LineSpan): boolean {
  const { code } = finding;
  const { unfinished } = typeof code === 'string' && isDiagnosticCode(code) ? factsOf(code) : {};
  return unfinished !== undefined && overlaps(extents[unfinished](analysis, finding), lines);
}

/** The lines on which what a finding speaks of can still be completed. */
const extents: Readonly<Record<Unfinished, (analysis: Analysis, finding: Diagnostic) => LineSpan>> = {
  line: (_, finding) => linesOf(finding),
  value: (analysis, finding) =>
    spansLines(analysis, finding) ? untilNext(analysis, finding, statementsOf(analysis)) : linesOf(finding),
  table: (analysis, finding) => untilNext(analysis, finding, sectionsOf(analysis)),
};

/** Only a string of one quote ends with its line. */
const spansLines = ({ text, positions }: Analysis, { range }: Diagnostic): boolean =>
  /^(?:\[|\{|"""|''')/.test(text.slice(positions.offset(range.start), positions.offset(range.start) + 3));

const sectionsOf = ({ syntax }: Analysis): readonly number[] => syntax.document.root.sections.map(({ from }) => from);

function statementsOf({ syntax: { document } }: Analysis): readonly number[] {
  const { entries, sections } = document.root;
  return [...entries, ...sections.flatMap((section) => [section, ...section.entries])].map(({ from }) => from);
}

/** From the line of a finding, or of the one of `starts` that it is in, to the line before the next of them. */
function untilNext({ positions, text }: Analysis, { range }: Diagnostic, starts: readonly number[]): LineSpan {
  const at = positions.offset(range.start);
  const own = starts.findLast((start) => start <= at) ?? 0;
  const next = starts.find((start) => start > at) ?? text.length + 1;
  const last = next > text.length ? positions.position(text.length).line : positions.position(next).line - 1;
  return { first: positions.position(own).line, last: Math.max(last, range.start.line) };
}
