import { pathToFileURL } from 'node:url';
import type { DocumentLink, DocumentLinkParams, ServerCapabilities } from 'vscode-languageserver';
import type { Analysis } from '../documents/analysis.ts';
import type { FileChecks } from '../documents/fileChecks.ts';
import type { FeatureContext } from '../featureContext.ts';
import { findTargets } from '../text/pathStrings.ts';
import { contentSpan } from '../text/walk.ts';

export function serveDocumentLinks({ connection, documents, files, guard }: FeatureContext): ServerCapabilities {
  connection.onDocumentLinks(
    guard('documentLink', ({ textDocument }: DocumentLinkParams) => {
      const analysis = documents.analysis(textDocument.uri);
      return analysis ? documentLinks(analysis, files) : [];
    }),
  );
  return { documentLinkProvider: {} };
}

/** Paths that exist, and URLs, each on the text between its quotes. */
export async function documentLinks(analysis: Analysis, files: FileChecks): Promise<DocumentLink[]> {
  const targets = findTargets(analysis);
  await files.look(targets.flatMap(({ target }) => (target.kind === 'path' ? [target.path] : [])));
  return targets.flatMap(({ value, target }) => {
    const range = analysis.positions.range(contentSpan(analysis.text, value));
    if (target.kind === 'url') return /^https?:/i.test(target.url) ? [{ range, target: target.url }] : [];
    const kind = files.known(target.path);
    const exists = kind === 'file' || kind === 'folder';
    return exists ? [{ range, target: pathToFileURL(target.path).href, tooltip: target.path }] : [];
  });
}
