import { pathToFileURL } from 'node:url';
import {
  type CodeAction,
  CodeActionKind,
  type Diagnostic,
  type TextDocumentEdit,
  type TextEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver';
import type { Span } from '../../../runtime/config/toml/syntax.ts';
import { type DiagnosticCode, factsOf, isDiagnosticCode } from '../../../runtime/contract/diagnosticCodes.ts';
import type { Analysis } from '../../documents/analysis.ts';
import { SCRIPT } from './createScript.ts';
import { faultsIn } from './faults.ts';
import type { Fault, Fix, TextChange } from './fix.ts';
import { fixAll } from './fixAll.ts';
import { spellSize } from './sizeSpelling.ts';
import { fixesFor, ignoreFixes } from './table.ts';
import { toHeader } from './toHeader.ts';
import { toInline } from './toInline.ts';

export const FIX_ALL = `${CodeActionKind.SourceFixAll}.castra`;

export interface ActionRequest extends Span {
  /** What the client shows there. */
  readonly diagnostics: readonly Diagnostic[];
  /** Kinds that it asks for; all but those of the source without it. */
  readonly only?: readonly string[];
}

export interface ActionStyle {
  /** Whether the client takes edits of a certain version of a document. */
  readonly versions: boolean;
  /** Whether it makes files. */
  readonly creates: boolean;
}

/** What can be done at a place of a document. Pure: whether a file is there already is asked by the caller. */
export function offer(analysis: Analysis, request: ActionRequest, style: ActionStyle): CodeAction[] {
  const wants = (kind: string) => request.only?.some((asked) => kind === asked || kind.startsWith(`${asked}.`)) ?? true;
  return [
    ...(wants(CodeActionKind.QuickFix) ? quickFixes(analysis, request, style) : []),
    ...(wants(CodeActionKind.RefactorRewrite) ? rewrites(analysis, request, style) : []),
    ...(request.only && wants(FIX_ALL) ? fixEverything(analysis, style) : []),
  ];
}

function quickFixes(analysis: Analysis, request: ActionRequest, style: ActionStyle): CodeAction[] {
  const faults = [...faultsIn(analysis, request), ...foundElsewhere(analysis, request)];
  const fixable = faults.map((fault) => ({ fault, fixes: fixesFor(analysis, fault) }));
  const single = fixable.flatMap(({ fault, fixes }) =>
    fixes.flatMap((fix) =>
      toAction(
        fix,
        { kind: CodeActionKind.QuickFix, diagnostics: shown(analysis, fault, request) },
        { analysis, style },
      ),
    ),
  );
  const codes = new Set(
    fixable.flatMap(({ fault, fixes }) => (fixes.some(({ isPreferred }) => isPreferred) ? fault.finding.code : [])),
  );
  const ignored = faults.flatMap((fault) =>
    ignoreFixes(analysis, fault).flatMap((fix) =>
      toAction(
        fix,
        { kind: CodeActionKind.QuickFix, diagnostics: shown(analysis, fault, request) },
        { analysis, style },
      ),
    ),
  );
  return [...single, ...[...codes].flatMap((code) => allOfKind(analysis, code, style)), ...ignored];
}

function allOfKind(analysis: Analysis, code: DiagnosticCode, style: ActionStyle): CodeAction[] {
  const { changes, count } = fixAll(analysis, code);
  if (count < 2) return [];
  return toAction(
    { title: `Fix all ${count} of \`${code}\``, changes },
    { kind: CodeActionKind.QuickFix },
    { analysis, style },
  );
}

function fixEverything(analysis: Analysis, style: ActionStyle): CodeAction[] {
  const { changes } = fixAll(analysis);
  return changes.length === 0
    ? []
    : toAction({ title: 'Fix all in castra.toml', changes }, { kind: FIX_ALL }, { analysis, style });
}

function rewrites(analysis: Analysis, { from }: ActionRequest, style: ActionStyle): CodeAction[] {
  const fixes = [spellSize(analysis, from), toHeader(analysis, from), toInline(analysis, from)];
  return fixes.flatMap((fix) =>
    fix ? toAction(fix, { kind: CodeActionKind.RefactorRewrite }, { analysis, style }) : [],
  );
}

/** Found beside the analysis: the client's word is taken, and its place looked at in the text of now. */
function foundElsewhere({ positions }: Analysis, { diagnostics }: ActionRequest): Fault[] {
  return diagnostics.flatMap(({ range, message, code }) => {
    if (typeof code !== 'string' || !isDiagnosticCode(code) || factsOf(code).found === 'text') return [];
    const span = { from: positions.offset(range.start), to: positions.offset(range.end) };
    return [{ finding: { code, message: String(message), severity: 'warning' as const }, span }];
  });
}

/** The client's diagnostics that a fault is, by code and place. */
function shown({ positions }: Analysis, { finding, span }: Fault, { diagnostics }: ActionRequest): Diagnostic[] {
  return diagnostics.filter(({ code, range }) => code === finding.code && positions.offset(range.start) === span.from);
}

interface ActionKind {
  readonly kind: string;
  /** Of the client, which the action makes go away. */
  readonly diagnostics?: Diagnostic[];
}

interface ActionPlace {
  readonly analysis: Analysis;
  readonly style: ActionStyle;
}

function toAction(fix: Fix, { kind, diagnostics = [] }: ActionKind, { analysis, style }: ActionPlace): CodeAction[] {
  if (fix.creates !== undefined && !style.creates) return [];
  return [
    {
      title: fix.title,
      kind,
      edit: fix.creates === undefined ? editOf(analysis, fix.changes, style) : creation(fix.creates),
      ...(fix.isPreferred ? { isPreferred: true } : {}),
      ...(diagnostics.length > 0 ? { diagnostics } : {}),
    },
  ];
}

function editOf(
  { uri, version, positions }: Analysis,
  changes: readonly TextChange[],
  style: ActionStyle,
): WorkspaceEdit {
  const edits = changes.map((change): TextEdit => ({ range: positions.range(change), newText: change.text }));
  return style.versions
    ? { documentChanges: [{ textDocument: { uri, version }, edits }] }
    : { changes: { [uri]: edits } };
}

/** Never over a file that came to be in the meantime. */
function creation(path: string): WorkspaceEdit {
  const uri = pathToFileURL(path).href;
  const start = { line: 0, character: 0 };
  const content: TextDocumentEdit = {
    textDocument: { uri, version: null },
    edits: [{ range: { start, end: start }, newText: SCRIPT }],
  };
  return { documentChanges: [{ kind: 'create', uri, options: { overwrite: false, ignoreIfExists: false } }, content] };
}
