import type { LinkedEditingRanges, ServerCapabilities, TextDocumentPositionParams } from 'vscode-languageserver';
import type { Analysis } from '../documents/analysis.ts';
import type { FeatureContext } from '../featureContext.ts';
import { mentionsOf } from './references.ts';

/** What of a name may be typed without leaving it. */
const NAME = '[A-Za-z0-9-]*';

/** A role's name and what repeats it are typed as one, where the editor has that switched on. */
export function serveLinkedEditing({ connection, documents, guard }: FeatureContext): ServerCapabilities {
  connection.languages.onLinkedEditingRange(
    guard('linkedEditing', ({ textDocument, position }: TextDocumentPositionParams): LinkedEditingRanges | null => {
      const analysis = documents.analysis(textDocument.uri);
      return analysis ? linkedRanges(analysis, analysis.positions.offset(position)) : null;
    }),
  );
  return { linkedEditingRangeProvider: true };
}

/** The protocol wants ranges of one content: a name with escapes is none of them. */
export function linkedRanges(analysis: Analysis, offset: number): LinkedEditingRanges | null {
  const { text, positions } = analysis;
  const linked = mentionsOf(analysis, offset).filter(({ role, span }) => text.slice(span.from, span.to) === role);
  const isAt = linked.some(({ span }) => span.from <= offset && offset <= span.to);
  if (!isAt || linked.length < 2) return null;
  return { ranges: linked.map(({ span }) => positions.range(span)), wordPattern: NAME };
}
