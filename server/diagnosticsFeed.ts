import {
  type DocumentDiagnosticParams,
  type DocumentDiagnosticReport,
  DocumentDiagnosticReportKind,
  type ServerCapabilities,
} from 'vscode-languageserver';
import { shortHash } from '../runtime/config/names.ts';
import type { Analysis } from './analysis.ts';
import { toDiagnostics } from './diagnostics.ts';
import type { FeatureContext } from './features.ts';
import { knownPathFindings, pathFindings } from './pathFindings.ts';
import { isNews, type Report, serveWorkspaceDiagnostics } from './workspaceDiagnostics.ts';

/** Answers when asked, if the client asks; else tells by itself. Never both: each finding would show twice. */
export function serveDiagnostics(context: FeatureContext): ServerCapabilities {
  return context.capabilities.textDocument?.diagnostic ? answer(context) : push(context);
}

function answer(context: FeatureContext): ServerCapabilities {
  const { connection, documents, files, guard, docs, workspace, capabilities } = context;
  const report = async (analysis: Analysis): Promise<Report> => {
    const items = toDiagnostics(analysis, docs, await pathFindings(analysis, files));
    return { resultId: shortHash(JSON.stringify(items), 16), items };
  };
  connection.languages.diagnostics.on(
    guard('diagnostic', async (params: DocumentDiagnosticParams): Promise<DocumentDiagnosticReport> => {
      const analysis = documents.analysis(params.textDocument.uri);
      if (analysis === undefined) return { kind: DocumentDiagnosticReportKind.Full, items: [] };
      const found = await report(analysis);
      return found.resultId === params.previousResultId
        ? { kind: DocumentDiagnosticReportKind.Unchanged, resultId: found.resultId }
        : { kind: DocumentDiagnosticReportKind.Full, ...found };
    }),
  );
  serveWorkspaceDiagnostics(context, report);
  workspace.onFiles((events) => {
    if (!isNews(events, (uri) => documents.open.get(uri) !== undefined)) return;
    files.forget();
    if (capabilities.workspace?.diagnostics?.refreshSupport) connection.languages.diagnostics.refresh();
  });
  return { diagnosticProvider: { identifier: 'castra', interFileDependencies: false, workspaceDiagnostics: true } };
}

/**
 * Without a delay, but only once a turn of the event loop brought no further change: messages that have arrived are
 * handled one per turn, so a burst is looked at in its newest version only. What the disk says comes afterwards, in a
 * second message when it differs: it must not hold up what the text says.
 */
function push({ connection, documents, files, guard, docs, workspace }: FeatureContext): ServerCapabilities {
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
    const analyses = [...changed].flatMap((uri) => documents.analysis(uri) ?? []);
    changed.clear();
    for (const analysis of analyses) await send(analysis);
    await Promise.all(analyses.map(sendDiffering));
  });
  const send = ({ uri, version }: Analysis, analysis = documents.analysis(uri)) => {
    if (analysis?.version !== version) return Promise.resolve();
    const diagnostics = toDiagnostics(analysis, docs, knownPathFindings(analysis, files));
    return connection.sendDiagnostics({ uri, version, diagnostics });
  };
  const sendDiffering = async (analysis: Analysis) => {
    const before = JSON.stringify(knownPathFindings(analysis, files));
    const after = JSON.stringify(await pathFindings(analysis, files));
    if (after !== before) await send(analysis);
  };
  const recheck = guard('recheckFiles', async () => {
    await Promise.all(
      documents.open
        .all()
        .map(({ uri }) => documents.analysis(uri))
        .map((each) => each && sendDiffering(each)),
    );
  });
  documents.open.onDidChangeContent(({ document }) => {
    if (changed.size === 0) setImmediate(settle);
    changed.add(document.uri);
    quiet = false;
  });
  documents.open.onDidClose(({ document }) => void connection.sendDiagnostics({ uri: document.uri, diagnostics: [] }));
  workspace.onFiles((events) => {
    if (!isNews(events, (uri) => documents.open.get(uri) !== undefined)) return;
    files.forget();
    void recheck(undefined, NEVER).catch(() => undefined);
  });
  return {};
}

const NEVER = { isCancellationRequested: false, onCancellationRequested: () => ({ dispose: () => undefined }) };
