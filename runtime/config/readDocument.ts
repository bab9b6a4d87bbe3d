import { collectFindings, type Findings } from './findings/findings.ts';
import { checkSchema, type DocumentShape } from './schema.ts';
import { textChange } from './toml/change/textChange.ts';
import { analyzeToml } from './toml/meaning/meaning.ts';
import type { PlainTable } from './toml/meaning/values.ts';
import { parseToml } from './toml/parser.ts';
import { type LineIndex, lineIndex } from './toml/positions.ts';
import type { TomlDocument, TomlError } from './toml/syntax.ts';
import type { TableNode } from './toml/tree.ts';
import { judge, type Verdict } from './tomlVerdict.ts';

/** What an editor needs besides: the text as it was understood, whether or not it is valid. */
export interface DocumentSyntax {
  readonly document: TomlDocument;
  readonly tree: TableNode;
  readonly index: LineIndex;
  readonly verdict: Verdict;
}

export interface DocumentSource {
  readonly text: string;
  readonly path: string;
  /** Of an earlier text: what did not change is taken from it, and the result is the same. */
  readonly earlier?: DocumentSyntax;
}

/** A document whose syntax and shape were looked at; what its values mean is still to be found out. */
export interface ReadDocument {
  readonly syntax: DocumentSyntax;
  readonly value: PlainTable;
  readonly findings: Findings;
}

export function readDocument({ text, path, earlier }: DocumentSource, shape: DocumentShape): ReadDocument {
  const before = earlier && { ...earlier, change: textChange(earlier.document.text, text) };
  const document = parseToml(text, before);
  const { tree, value, errors } = analyzeToml(document, readFloat);
  const index = lineIndex(text);
  const verdict = judge(document, before);
  const findings = collectFindings(tree, text, index, path);
  reportSyntax([...document.errors, ...errors], { verdict, text }, findings);
  checkSchema(shape, value, tree, findings);
  return { syntax: { document, tree, index, verdict }, value, findings };
}

/** No key takes a fraction, and `2.0` is one to TOML: 2 would pass for a whole number in the checks that follow. */
const readFloat = (value: number): number => (Number.isInteger(value) ? Number.NaN : value);

interface Judged {
  readonly verdict: Verdict;
  readonly text: string;
}

/**
 * smol-toml decides whether the text is TOML, our own parser says where it is not. What only ours objects to is a
 * warning; what only smol-toml objects to is an error at the place it names.
 */
function reportSyntax(faults: readonly TomlError[], { verdict, text }: Judged, findings: Findings): void {
  for (const fault of faults) {
    const finding = {
      // smol-toml moves 30 February to March.
      severity: verdict.isToml && fault.code !== 'invalid-date' ? 'warning' : 'error',
      code: `toml/${fault.code}`,
      message: sentence(fault.message),
    } as const;
    findings.reportSpan(fault, finding, fault.related);
  }
  if (!verdict.isToml && faults.length === 0) {
    const at = offsetOf(verdict.error, text);
    const to = Math.min(at + 1, text.length);
    const message = sentence(verdict.error.message.split('\n')[0] ?? 'Invalid TOML');
    findings.reportSpan({ from: at, to }, { severity: 'error', code: 'toml/invalid', message });
  }
}

/** smol-toml counts line feeds only. */
function offsetOf({ line, column }: { readonly line: number; readonly column: number }, text: string): number {
  let start = 0;
  for (let number = 1; number < line; number++) start = text.indexOf('\n', start) + 1;
  return Math.min(start + column - 1, text.length);
}

function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
