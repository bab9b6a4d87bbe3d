import type { FormattingOptions, Position, Range, ServerCapabilities, TextEdit } from 'vscode-languageserver';
import { editsWithin } from '../../runtime/config/toml/format/edits.ts';
import { type Formatted, formatToml } from '../../runtime/config/toml/format/format.ts';
import { formatStatement } from '../../runtime/config/toml/format/statement.ts';
import { DEFAULT_STYLE, type Style } from '../../runtime/config/toml/format/style.ts';
import type { Analysis } from '../documents/analysis.ts';
import type { FeatureContext } from '../featureContext.ts';

interface FormattingParams {
  readonly textDocument: { readonly uri: string };
  readonly options: FormattingOptions;
}

/** Formats the document, ranges of it, or the statement that was just finished. */
export function serveFormatting(context: FeatureContext): ServerCapabilities {
  const { connection, guard, documents } = context;
  const logged = new Set<string>();
  const logUnsafe = (uri: string) => {
    if (!logged.has(uri)) connection.console.error(`formatting: ${uri} would read differently, so it is left alone`);
    logged.add(uri);
  };
  const answer = async ({ textDocument, options }: FormattingParams, format: Format): Promise<TextEdit[] | null> => {
    const style = styleOf(options, await readSettings(context, textDocument.uri));
    // Only now: while the client was asked, the document may have changed.
    const analysis = documents.analysis(textDocument.uri);
    if (analysis === undefined) return null;
    const { edits, refusal } = format(analysis, style);
    if (refusal === 'unsafe') logUnsafe(textDocument.uri);
    return edits.map(({ from, to, text }) => ({ range: analysis.positions.range({ from, to }), newText: text }));
  };
  connection.onDocumentFormatting(guard('formatting', (params) => answer(params, formatDocument)));
  connection.onDocumentRangeFormatting(
    guard('rangeFormatting', (params: FormattingParams & { range: Range }) =>
      answer(params, (analysis, style) => formatRanges(analysis, [params.range], style)),
    ),
  );
  connection.onDocumentRangesFormatting(
    guard('rangesFormatting', (params: FormattingParams & { ranges: Range[] }) =>
      answer(params, (analysis, style) => formatRanges(analysis, params.ranges, style)),
    ),
  );
  connection.onDocumentOnTypeFormatting(
    guard('onTypeFormatting', (params: FormattingParams & { position: Position; ch: string }) =>
      answer(params, (analysis, style) => formatTyped(analysis, params, style)),
    ),
  );
  return {
    documentFormattingProvider: true,
    documentRangeFormattingProvider: { rangesSupport: true },
    documentOnTypeFormattingProvider: { firstTriggerCharacter: '\n', moreTriggerCharacter: [']', '}'] },
  };
}

type Format = (analysis: Analysis, style: Style) => Formatted;

export function formatDocument({ syntax, diagnostics }: Analysis, style: Style): Formatted {
  // smol-toml decides what is TOML, and may refuse what our own parser reads.
  if (diagnostics.some(({ code, severity }) => severity === 'error' && code.startsWith('toml/')))
    return { edits: [], refusal: 'broken' };
  return formatToml(syntax.document, style);
}

export function formatRanges(analysis: Analysis, ranges: readonly Range[], style: Style): Formatted {
  const { offset } = analysis.positions;
  const formatted = formatDocument(analysis, style);
  const spans = ranges.map(({ start, end }) => ({ from: offset(start), to: offset(end) }));
  return { ...formatted, edits: editsWithin(formatted.edits, spans) };
}

/** What stands on the line above after a line break, or before the bracket that was typed. */
export function formatTyped(
  { syntax, positions }: Analysis,
  { position, ch }: { readonly position: Position; readonly ch: string },
  style: Style,
): Formatted {
  if (ch === '\n' && position.line === 0) return { edits: [] };
  const above = { line: position.line - 1, character: Number.MAX_SAFE_INTEGER };
  return { edits: formatStatement(syntax.document, positions.offset(ch === '\n' ? above : position), style) };
}

/** Undefined when the client cannot be asked, or cannot say. */
async function readSettings({ connection, capabilities }: FeatureContext, scopeUri: string): Promise<unknown> {
  if (!capabilities.workspace?.configuration) return undefined;
  return connection.workspace.getConfiguration({ scopeUri, section: 'castra.format' }).catch(() => undefined);
}

const TRAILING_COMMAS: readonly unknown[] = ['keep', 'always', 'never'] satisfies readonly Style['trailingComma'][];

/** The client's settings may be of any shape: people write them. */
export function styleOf(options: FormattingOptions, settings: unknown): Style {
  const { indent, align, trailingComma, arrayWidth } = (settings ?? {}) as Readonly<Record<string, unknown>>;
  const isWidth = typeof arrayWidth === 'number' && arrayWidth >= 0;
  return {
    step: options.insertSpaces ? ' '.repeat(Math.min(Math.max(options.tabSize, 0), 16)) : '\t',
    indent: indent === true,
    align: align === true,
    trailingComma: TRAILING_COMMAS.includes(trailingComma)
      ? (trailingComma as Style['trailingComma'])
      : DEFAULT_STYLE.trailingComma,
    arrayWidth: isWidth ? arrayWidth : DEFAULT_STYLE.arrayWidth,
    insertFinalNewline: options.insertFinalNewline ?? DEFAULT_STYLE.insertFinalNewline,
    trimFinalNewlines: options.trimFinalNewlines ?? DEFAULT_STYLE.trimFinalNewlines,
  };
}
