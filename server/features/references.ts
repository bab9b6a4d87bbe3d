import {
  type DocumentHighlight,
  DocumentHighlightKind,
  type Location,
  type ReferenceParams,
  type ServerCapabilities,
  type TextDocumentPositionParams,
} from 'vscode-languageserver';
import type { Analysis } from '../documents/analysis.ts';
import type { FeatureContext } from '../featureContext.ts';
import { locationOf, mentionsAcross } from '../text/mentions.ts';
import { findMentions, type Mention, mentionAt } from '../text/roles.ts';

export function serveReferences({ connection, documents, guard, projects }: FeatureContext): ServerCapabilities {
  connection.onReferences(
    guard('references', async ({ textDocument, position, context }: ReferenceParams): Promise<Location[]> => {
      const analysis = documents.analysis(textDocument.uri);
      if (analysis === undefined) return [];
      return (await mentionsAcross(analysis, analysis.positions.offset(position), projects))
        .filter(({ mention }) => context.includeDeclaration || !mention.isDefinition)
        .map(locationOf);
    }),
  );
  connection.onDocumentHighlight(
    guard('documentHighlight', ({ textDocument, position }: TextDocumentPositionParams): DocumentHighlight[] => {
      const analysis = documents.analysis(textDocument.uri);
      if (analysis === undefined) return [];
      return mentionsOf(analysis, analysis.positions.offset(position)).map(({ span, isDefinition }) => ({
        range: analysis.positions.range(span),
        kind: isDefinition ? DocumentHighlightKind.Write : DocumentHighlightKind.Read,
      }));
    }),
  );
  return { referencesProvider: true, documentHighlightProvider: true };
}

/** Every place that names the role at an offset, in the order of the text. */
export function mentionsOf(analysis: Analysis, offset: number): Mention[] {
  const mentions = findMentions(analysis);
  const role = mentionAt(mentions, offset)?.role;
  return mentions.filter((mention) => mention.role === role);
}
