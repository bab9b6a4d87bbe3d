import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  type Connection,
  type InitializeParams,
  PositionEncodingKind,
  type ServerCapabilities,
  TextDocumentSyncKind,
} from 'vscode-languageserver';
import { serveDiagnostics } from './diagnostics/feed.ts';
import { listenForHostFacts } from './diagnostics/hostFacts.ts';
import { type AnalysisContext, analyzeText } from './documents/analysis.ts';
import { openDocuments } from './documents/documents.ts';
import { fileChecks } from './documents/fileChecks.ts';
import { openProjects } from './documents/projects.ts';
import { openWorkspace, type Workspace } from './documents/workspace.ts';
import type { FeatureContext, InitializationOptions } from './featureContext.ts';
import { features } from './features.ts';
import { makeGuard } from './guard.ts';

/** Connects documents and features; nothing of what a feature does stands here. `docs` is the URI of docs/diagnostics.md. */
export function startServer(connection: Connection, docs: string): void {
  let context: AnalysisContext = { encoding: 'utf-16', home: join(homedir(), '.castra') };
  let workspace: Workspace | undefined;
  const guard = makeGuard(connection);
  const documents = openDocuments(connection, () => context);
  connection.onInitialize((params) => {
    context = readContext(params, context);
    workspace = openWorkspace(connection, params);
    const analyze = (uri: string, text: string) => analyzeText({ uri, version: 0, text }, context);
    const shared: FeatureContext = {
      connection,
      documents,
      guard,
      docs,
      workspace,
      capabilities: params.capabilities,
      options: (params.initializationOptions ?? {}) as InitializationOptions,
      files: fileChecks(),
      analyze,
      projects: openProjects(documents, analyze),
      host: listenForHostFacts(connection),
    };
    const provided = [serveDiagnostics, ...features].map((feature) => feature(shared));
    return { capabilities: Object.assign(base(context), ...provided), serverInfo: SERVER_INFO };
  });
  connection.onInitialized(() => void workspace?.start().catch((error) => connection.console.warn(String(error))));
  connection.listen();
}

const SERVER_INFO = { name: 'castra', version: CASTRA_VERSION };

function readContext({ capabilities, initializationOptions }: InitializeParams, before: AnalysisContext) {
  const { home } = (initializationOptions ?? {}) as InitializationOptions;
  const encodings = capabilities.general?.positionEncodings ?? [];
  // The client's order is its preference; UTF-16 is what JavaScript has.
  const encoding = encodings[0] === PositionEncodingKind.UTF8 ? ('utf-8' as const) : ('utf-16' as const);
  return { ...before, encoding, ...(home ? { home } : {}) };
}

function base({ encoding }: AnalysisContext): ServerCapabilities {
  return {
    positionEncoding: encoding,
    textDocumentSync: TextDocumentSyncKind.Incremental,
    workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
  };
}
