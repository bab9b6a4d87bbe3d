import { pathToFileURL } from 'node:url';
import { type Diagnostic, DiagnosticSeverity, DiagnosticTag } from 'vscode-languageserver';
import { inOrder } from '../../runtime/config/findings/findings.ts';
import { type CodeFacts, factsOf } from '../../runtime/contract/diagnosticCodes.ts';
import type { Diagnostic as Finding } from '../../runtime/contract/diagnostics.ts';
import type { Severity } from '../../runtime/contract/vocabulary.ts';
import type { Analysis } from '../documents/analysis.ts';
import { asNewFile } from '../text/newFile.ts';

const severities: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  info: DiagnosticSeverity.Information,
};

const tags: Readonly<Record<NonNullable<CodeFacts['tag']>, DiagnosticTag>> = {
  unnecessary: DiagnosticTag.Unnecessary,
  deprecated: DiagnosticTag.Deprecated,
};

/** Other schemes, such as `git:`, show a text as it was; there is nothing to be corrected in it. */
export function mayHaveFindings(uri: string): boolean {
  return /^(?:file|untitled):/.test(uri);
}

/** The findings of a document, and what the disk adds, as an editor shows them. `docs` is the URI of docs/diagnostics.md. */
export function toDiagnostics(analysis: Analysis, docs: string, added: readonly Finding[] = []): Diagnostic[] {
  const findings = asNewFile(analysis, [...analysis.diagnostics, ...added]);
  return inOrder(findings).map((finding) => toDiagnostic(finding, analysis, docs));
}

function toDiagnostic(finding: Finding, { positions, uri }: Analysis, docs: string): Diagnostic {
  const { severity, code, message, help, range, related = [] } = finding;
  const { tag } = factsOf(code);
  return {
    severity: severities[severity],
    source: 'castra',
    code,
    // The anchor that a heading of Markdown gets.
    codeDescription: { href: `${docs}#${code.replaceAll(/[/.]/g, '')}` },
    message: help === undefined ? message : `${message} ${help}`,
    range: range ? positions.fromTextRange(range) : { start: positions.position(0), end: positions.position(0) },
    ...(tag === undefined ? {} : { tags: [tags[tag]] }),
    relatedInformation: related.map((other) => ({
      message: other.message,
      location: {
        uri: other.path === undefined || other.path === finding.path ? uri : pathToFileURL(other.path).href,
        range: positions.fromTextRange(other.range),
      },
    })),
  };
}
