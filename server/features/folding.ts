import { type FoldingRange, FoldingRangeKind, type ServerCapabilities } from 'vscode-languageserver';
import type { Span, Value } from '../../runtime/config/toml/syntax.ts';
import type { Analysis } from '../documents/analysis.ts';
import type { FeatureContext } from '../featureContext.ts';
import { groupSections, type SectionGroup, walk } from '../text/walk.ts';

export function serveFolding({ connection, documents, guard, capabilities }: FeatureContext): ServerCapabilities {
  const limit = capabilities.textDocument?.foldingRange?.rangeLimit;
  connection.onFoldingRanges(
    guard('foldingRange', ({ textDocument }: { textDocument: { uri: string } }) => {
      const analysis = documents.analysis(textDocument.uri);
      return analysis ? foldingRanges(analysis).slice(0, limit) : [];
    }),
  );
  return { foldingRangeProvider: true };
}

/** Tables with what adds to them, values over several lines, and blocks of comments; in the order of their lines. */
export function foldingRanges(analysis: Analysis): FoldingRange[] {
  const { document } = analysis.syntax;
  const lineOf = (offset: number) => analysis.positions.position(offset).line;
  const ranges = commentBlocks(analysis);
  const add = ({ from, to }: Span, hidden: number, kind?: FoldingRangeKind) => {
    const [startLine, endLine] = [lineOf(from), lineOf(to) - hidden];
    if (endLine > startLine) ranges.push({ startLine, endLine, ...(kind ? { kind } : {}) });
  };
  const addGroup = ({ section, to, children }: SectionGroup) => {
    add({ from: section.from, to }, 0, FoldingRangeKind.Region);
    children.forEach(addGroup);
  };
  groupSections(document).forEach(addGroup);
  walk(document, { value: (value) => isBlock(value) && add(value, value.isOpen ? 0 : 1) });
  return ranges.sort((a, b) => a.startLine - b.startLine || b.endLine - a.endLine);
}

/** The line with the closing bracket or quotes stays visible. */
const isBlock = (value: Value): value is Extract<Value, { readonly isOpen: boolean }> => 'isOpen' in value;

/** Comments on neighbouring lines of their own. */
function commentBlocks({ syntax, text, positions }: Analysis): FoldingRange[] {
  const blocks: { startLine: number; endLine: number; kind: FoldingRangeKind }[] = [];
  for (const { from } of syntax.document.comments) {
    const line = positions.position(from).line;
    if (text.slice(syntax.index.starts[line], from).trim() !== '') continue;
    const last = blocks.at(-1);
    if (last?.endLine === line - 1) last.endLine = line;
    else blocks.push({ startLine: line, endLine: line, kind: FoldingRangeKind.Comment });
  }
  return blocks.filter(({ startLine, endLine }) => endLine > startLine);
}
