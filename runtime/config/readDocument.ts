import { parse, TomlError } from 'smol-toml';
import { collectFindings, type Findings } from './findings.ts';
import { checkSchema, type DocumentShape } from './schema.ts';
import { analyzeToml } from './toml/meaning.ts';
import { parseToml } from './toml/parser.ts';
import { type LineIndex, lineIndex, offsetAt } from './toml/positions.ts';
import type { TomlError as SyntaxFault, TomlDocument } from './toml/syntax.ts';
import type { TableNode } from './toml/tree.ts';
import type { PlainTable } from './toml/values.ts';

/** What an editor needs besides: the text as it was understood, whether or not it is valid. */
export interface DocumentSyntax {
  readonly document: TomlDocument;
  readonly tree: TableNode;
  readonly index: LineIndex;
}

/** A document whose syntax and shape were looked at; what its values mean is still to be found out. */
export interface ReadDocument {
  readonly syntax: DocumentSyntax;
  readonly value: PlainTable;
  readonly findings: Findings;
}

export function readDocument(
  { text, path }: { readonly text: string; readonly path: string },
  shape: DocumentShape,
): ReadDocument {
  const document = parseToml(text);
  const { tree, value, errors } = analyzeToml(document, readFloat);
  const index = lineIndex(text);
  const findings = collectFindings(tree, text, index, path);
  reportSyntax([...document.errors, ...errors], text, findings);
  checkSchema(shape, value, tree, findings);
  return { syntax: { document, tree, index }, value, findings };
}

/** No key takes a fraction, and `2.0` is one to TOML: 2 would pass for a whole number in the checks that follow. */
const readFloat = (value: number): number => (Number.isInteger(value) ? Number.NaN : value);

/**
 * smol-toml decides whether the text is TOML, our own parser says where it is not. What only ours objects to is a
 * warning; what only smol-toml objects to is an error at the place it names.
 */
function reportSyntax(faults: readonly SyntaxFault[], source: string, findings: Findings): void {
  const verdict = judge(source);
  for (const fault of faults) {
    const finding = {
      severity: verdict ? 'error' : 'warning',
      code: `toml/${fault.code}`,
      message: sentence(fault.message),
    } as const;
    findings.reportSpan(fault, finding, fault.related);
  }
  if (verdict && faults.length === 0) {
    const index = lineIndex(source);
    const at = offsetAt(index, { line: verdict.line, column: verdict.column });
    const to = Math.min(at + 1, source.length);
    const message = sentence(verdict.message.split('\n')[0] ?? 'Invalid TOML');
    findings.reportSpan({ from: at, to }, { severity: 'error', code: 'toml/invalid', message });
  }
}

function judge(source: string): TomlError | undefined {
  try {
    parse(source, { integersAsBigInt: 'asNeeded' });
    return undefined;
  } catch (error) {
    if (error instanceof TomlError) return error;
    throw error;
  }
}

function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}
