import { pathToFileURL } from 'node:url';
import type { Location, ServerCapabilities, TextDocumentPositionParams } from 'vscode-languageserver';
import type { Analysis } from '../documents/analysis.ts';
import type { FileChecks } from '../documents/fileChecks.ts';
import type { FeatureContext } from '../featureContext.ts';
import { locationOf, mentionsAcross } from '../text/mentions.ts';
import { findTargets } from '../text/pathStrings.ts';
import { mentionsOf } from './references.ts';

export function serveDefinition({ connection, documents, files, guard, projects }: FeatureContext): ServerCapabilities {
  connection.onDefinition(
    guard('definition', async ({ textDocument, position }: TextDocumentPositionParams) => {
      const analysis = documents.analysis(textDocument.uri);
      if (analysis === undefined) return [];
      const offset = analysis.positions.offset(position);
      const elsewhere = analysis.bootstrap ? await mentionsAcross(analysis, offset, projects) : [];
      const role = elsewhere.filter(({ mention }) => mention.isDefinition);
      return role.length > 0 ? role.map(locationOf) : definition(analysis, offset, files);
    }),
  );
  return { definitionProvider: true };
}

/** Of the id of an instance, its role; of a path, its file. A folder cannot be opened as a document. */
export async function definition(analysis: Analysis, offset: number, files: FileChecks): Promise<Location[]> {
  const role = mentionsOf(analysis, offset).filter(({ isDefinition }) => isDefinition);
  if (role.length > 0) return role.map(({ span }) => ({ uri: analysis.uri, range: analysis.positions.range(span) }));
  const target = findTargets(analysis).find(({ value }) => value.from <= offset && offset <= value.to)?.target;
  if (target?.kind !== 'path') return [];
  await files.look([target.path]);
  const start = { line: 0, character: 0 };
  const isFile = files.known(target.path) === 'file';
  return isFile ? [{ uri: pathToFileURL(target.path).href, range: { start, end: start } }] : [];
}
