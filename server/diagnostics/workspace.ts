import { pathToFileURL } from 'node:url';
import {
  DocumentDiagnosticReportKind,
  FileChangeType,
  type WorkspaceDiagnosticParams,
  type WorkspaceDocumentDiagnosticReport,
} from 'vscode-languageserver';
import { type Analysis, pathOf } from '../documents/analysis.ts';
import { type SurveyedFile, stillThere, surveyFolders } from '../documents/survey.ts';
import type { FeatureContext } from '../featureContext.ts';
import { mayHaveFindings } from './toLsp.ts';

/** What was found in one document; the id is the same as long as the findings are. */
export interface Report {
  readonly resultId: string;
  readonly items: Extract<WorkspaceDocumentDiagnosticReport, { readonly kind: 'full' }>['items'];
}

/** VS Code asks every two seconds. Where the client does not report changes, folders are walked only so often. */
const WALK_AGAIN_MS = 30_000;

/** Reports every castra.toml and bootstrap.toml of the workspace, open or not, and clears those that are gone. */
export function serveWorkspaceDiagnostics(context: FeatureContext, report: (analysis: Analysis) => Promise<Report>) {
  const { connection, documents, guard } = context;
  const closed = closedProjects(context);
  connection.languages.diagnostics.onWorkspace(
    guard('workspaceDiagnostic', async ({ previousResultIds }: WorkspaceDiagnosticParams) => {
      const previous = new Map(previousResultIds.map(({ uri, value }) => [keyOf(uri), { uri, value }]));
      const open = documents.open
        .all()
        .flatMap(({ uri }) => (mayHaveFindings(uri) ? (documents.analysis(uri) ?? []) : []));
      const isOpen = new Set(open.map(({ uri }) => keyOf(uri)));
      const others = (await closed()).filter(({ uri }) => !isOpen.has(keyOf(uri)));
      const items: WorkspaceDocumentDiagnosticReport[] = [];
      const reports = [...open, ...others].map(async (analysis) => ({ analysis, ...(await report(analysis)) }));
      for (const { analysis, resultId, items: found } of await Promise.all(reports)) {
        const key = keyOf(analysis.uri);
        const place = { uri: analysis.uri, version: isOpen.has(key) ? analysis.version : null, resultId };
        if (previous.get(key)?.value === resultId)
          items.push({ ...place, kind: DocumentDiagnosticReportKind.Unchanged });
        else items.push({ ...place, kind: DocumentDiagnosticReportKind.Full, items: found });
        previous.delete(key);
      }
      for (const { uri } of previous.values())
        items.push({ uri, version: null, kind: DocumentDiagnosticReportKind.Full, items: [] });
      return { items };
    }),
  );
}

/** The analyses of all files on the disk, made once for each text. */
function closedProjects({ workspace, analyze }: FeatureContext): () => Promise<readonly Analysis[]> {
  let files: ReadonlyMap<string, SurveyedFile> = new Map();
  let walkedAt: number | undefined;
  let walking: Promise<void> | undefined;
  const analyses = new WeakMap<SurveyedFile, Analysis>();
  const walk = async () => {
    walkedAt = performance.now();
    files = await surveyFolders(workspace.folders(), files);
    walking = undefined;
  };
  const again = () => {
    walkedAt = undefined;
  };
  workspace.onFolders(again);
  workspace.onFiles((events) => {
    if (events.some(({ uri }) => /\/(?:castra|bootstrap)\.toml$/.test(uri))) again();
  });
  return async () => {
    const isOld = !workspace.isWatched && performance.now() - (walkedAt ?? 0) > WALK_AGAIN_MS;
    if (walkedAt === undefined || isOld) walking ??= walk();
    if (walking) await walking;
    // Of a folder that is deleted, a client reports the folder alone.
    else files = await stillThere(files);
    return [...files.values()].map((file) => {
      const known = analyses.get(file) ?? analyze(pathToFileURL(file.path).href, file.text);
      analyses.set(file, known);
      return known;
    });
  };
}

/** Clients write the URI of one file in different ways. */
const keyOf = (uri: string): string => (uri.startsWith('file:') ? pathOf(uri) : uri);

/** Whether events change what is known of files, rather than being the echo of a save in the editor. */
export function isNews(
  events: readonly { readonly uri: string; readonly type: FileChangeType }[],
  isOpen: (uri: string) => boolean,
) {
  return events.some(({ uri, type }) => type !== FileChangeType.Changed || !isOpen(uri));
}
