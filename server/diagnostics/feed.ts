import {
  type DocumentDiagnosticParams,
  type DocumentDiagnosticReport,
  DocumentDiagnosticReportKind,
  type ServerCapabilities,
} from 'vscode-languageserver';
import { shortHash } from '../../runtime/config/vms/names.ts';
import type { Analysis } from '../documents/analysis.ts';
import { askToRefresh } from '../documents/workspace.ts';
import type { FeatureContext } from '../featureContext.ts';
import { knownPathFindings, lookAtPaths } from './pathFindings.ts';
import { openScreen } from './screen.ts';
import { mayHaveFindings, toDiagnostics } from './toLsp.ts';
import { isNews, type Report, serveWorkspaceDiagnostics } from './workspace.ts';

/** Answers when asked, if the client asks; else pushes. Never both: each finding would show twice. */
export function serveDiagnostics(context: FeatureContext): ServerCapabilities {
  return context.capabilities.textDocument?.diagnostic ? answer(context) : push(context);
}

function answer(context: FeatureContext): ServerCapabilities {
  const { connection, documents, files, guard, docs, workspace, capabilities, host } = context;
  const mayAsk = capabilities.workspace?.diagnostics?.refreshSupport === true;
  const refresh = () => {
    if (mayAsk) askToRefresh(connection.languages.diagnostics.refresh);
  };
  // What waits would never be shown by a client that cannot be asked to look again.
  const screen = mayAsk ? openScreen(documents, refresh) : undefined;
  const report = async (analysis: Analysis): Promise<Report> => {
    await lookAtPaths(analysis, context);
    const found = toDiagnostics(analysis, docs, knownPathFindings(analysis, context));
    const isOpen = documents.analysis(analysis.uri) === analysis;
    const items = [...(isOpen && screen ? screen.show(analysis, found) : found)];
    return { resultId: shortHash(JSON.stringify(items), 16), items };
  };
  connection.languages.diagnostics.on(
    guard('diagnostic', async (params: DocumentDiagnosticParams): Promise<DocumentDiagnosticReport> => {
      const analysis = documents.analysis(params.textDocument.uri);
      if (analysis === undefined || !mayHaveFindings(analysis.uri))
        return { kind: DocumentDiagnosticReportKind.Full, items: [] };
      const found = await report(analysis);
      return found.resultId === params.previousResultId
        ? { kind: DocumentDiagnosticReportKind.Unchanged, resultId: found.resultId }
        : { kind: DocumentDiagnosticReportKind.Full, ...found };
    }),
  );
  serveWorkspaceDiagnostics(context, report);
  host.onChange(refresh);
  workspace.onFiles((events) => {
    if (!isNews(events, (uri) => documents.open.get(uri) !== undefined)) return;
    files.forget();
    refresh();
  });
  return { diagnosticProvider: { identifier: 'castra', interFileDependencies: true, workspaceDiagnostics: true } };
}

/**
 * Without a delay, but only once a turn of the event loop brought no further change: messages that have arrived are
 * handled one per turn, so a burst is looked at in its newest version only. What the disk says comes afterwards, in a
 * second message when it differs: it must not hold up what the text says.
 */
function push(context: FeatureContext): ServerCapabilities {
  const { connection, documents, files, guard, docs, workspace, host } = context;
  const changed = new Set<string>();
  const screen = openScreen(documents, (uri) => void resend(uri, NEVER).catch(() => undefined));
  const analysisOf = (uri: string) => (mayHaveFindings(uri) ? (documents.analysis(uri) ?? []) : []);
  const openAnalyses = () => documents.open.all().flatMap(({ uri }) => analysisOf(uri));
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
    const analyses = [...changed].flatMap(analysisOf);
    changed.clear();
    const isProject = analyses.some(({ bootstrap }) => bootstrap === undefined);
    const dependents = isProject ? openAnalyses().filter((one) => one.bootstrap && !analyses.includes(one)) : [];
    await Promise.all([
      ...analyses.map((analysis) => tell(analysis, true)),
      ...dependents.map((analysis) => tell(analysis, false)),
    ]);
  });
  const recheck = guard('recheckFiles', async () => {
    await Promise.all(openAnalyses().map((analysis) => tell(analysis, false)));
  });
  const revision = () => files.revision() + host.revision();
  host.onChange(() => void recheck(undefined, NEVER).catch(() => undefined));
  const told = new Map<string, { readonly revision: number; readonly findings: string }>();
  const send = async (analysis: Analysis) => {
    const { uri, version } = analysis;
    const findings = knownPathFindings(analysis, context);
    told.set(uri, { revision: revision(), findings: JSON.stringify(findings) });
    const diagnostics = [...screen.show(analysis, toDiagnostics(analysis, docs, findings))];
    await connection.sendDiagnostics({ uri, version, diagnostics });
  };
  const resend = guard('settled', async (uri: string) => {
    const analysis = documents.analysis(uri);
    if (analysis) await send(analysis);
  });
  const tell = async (analysis: Analysis, isNew: boolean) => {
    if (isNew) await send(analysis);
    await lookAtPaths(analysis, context);
    const last = told.get(analysis.uri);
    const isNewest = documents.analysis(analysis.uri) === analysis;
    // What a bootstrap.toml depends on does not depend on which files there are.
    if (!isNewest || (revision() === last?.revision && !analysis.bootstrap)) return;
    if (JSON.stringify(knownPathFindings(analysis, context)) !== last?.findings) await send(analysis);
  };
  documents.open.onDidChangeContent(({ document }) => {
    if (changed.size === 0) setImmediate(settle);
    changed.add(document.uri);
    quiet = false;
  });
  documents.open.onDidClose(({ document: { uri } }) => {
    told.delete(uri);
    void connection.sendDiagnostics({ uri, diagnostics: [] });
    // From now on a project is what its file on the disk says.
    void recheck(undefined, NEVER).catch(() => undefined);
  });
  workspace.onFiles((events) => {
    if (!isNews(events, (uri) => documents.open.get(uri) !== undefined)) return;
    files.forget();
    void recheck(undefined, NEVER).catch(() => undefined);
  });
  return {};
}

const NEVER = { isCancellationRequested: false, onCancellationRequested: () => ({ dispose: () => undefined }) };
