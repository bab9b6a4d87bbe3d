import {
  type DocumentDiagnosticReport,
  DocumentDiagnosticReportKind,
  type ServerCapabilities,
} from 'vscode-languageserver';
import { toDiagnostics } from './diagnostics.ts';
import type { FeatureContext } from './features.ts';

/** Answers when asked, if the client asks; else tells by itself. Never both: each finding would show twice. */
export function serveDiagnostics(context: FeatureContext): ServerCapabilities {
  return context.capabilities.textDocument?.diagnostic ? answer(context) : push(context);
}

function answer({ connection, documents, guard, docs }: FeatureContext): ServerCapabilities {
  connection.languages.diagnostics.on(
    guard('diagnostic', ({ textDocument }: { textDocument: { uri: string } }): DocumentDiagnosticReport => {
      const analysis = documents.analysis(textDocument.uri);
      return { kind: DocumentDiagnosticReportKind.Full, items: analysis ? toDiagnostics(analysis, docs) : [] };
    }),
  );
  return { diagnosticProvider: { identifier: 'castra', interFileDependencies: false, workspaceDiagnostics: false } };
}

/**
 * Without a delay, but only once a turn of the event loop brought no further change: messages that have arrived are
 * handled one per turn, so a burst is looked at in its newest version only.
 */
function push({ connection, documents, guard, docs }: FeatureContext): ServerCapabilities {
  const changed = new Set<string>();
  let quiet = true;
  const settle = () => {
    if (!quiet) {
      quiet = true;
      setImmediate(settle);
      return;
    }
    void publish(undefined, NEVER).catch(() => undefined);
  };
  const publish = guard('publishDiagnostics', async () => {
    const uris = [...changed];
    changed.clear();
    for (const uri of uris) {
      const analysis = documents.analysis(uri);
      if (analysis === undefined) continue;
      const diagnostics = toDiagnostics(analysis, docs);
      await connection.sendDiagnostics({ uri, version: analysis.version, diagnostics });
    }
  });
  documents.open.onDidChangeContent(({ document }) => {
    if (changed.size === 0) setImmediate(settle);
    changed.add(document.uri);
    quiet = false;
  });
  documents.open.onDidClose(({ document }) => void connection.sendDiagnostics({ uri: document.uri, diagnostics: [] }));
  return {};
}

const NEVER = { isCancellationRequested: false, onCancellationRequested: () => ({ dispose: () => undefined }) };
