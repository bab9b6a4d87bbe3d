import { pathToFileURL } from 'node:url';
import type { DocumentLink, DocumentLinkParams, ServerCapabilities } from 'vscode-languageserver';
import type { Analysis } from '../analysis.ts';
import type { FeatureContext } from '../features.ts';
import type { FileChecks } from '../fileChecks.ts';
import { findTargets } from '../targets.ts';
import { contentSpan } from '../walk.ts';

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
