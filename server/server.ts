import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  type Connection,
  type InitializeParams,
  PositionEncodingKind,
  type ServerCapabilities,
  TextDocumentSyncKind,
} from 'vscode-languageserver';
import type { AnalysisContext } from './analysis.ts';
import { serveDiagnostics } from './diagnosticsFeed.ts';
import { openDocuments } from './documents.ts';
import { features, type InitializationOptions } from './features.ts';
import { makeGuard } from './guard.ts';

/** Connects documents and features; nothing of what a feature does stands here. `docs` is the URI of docs/diagnostics.md. */
export function startServer(connection: Connection, docs: string): void {
  let context: AnalysisContext = { encoding: 'utf-16', home: join(homedir(), '.castra') };
  const guard = makeGuard(connection);
  const documents = openDocuments(connection, () => context);
  connection.onInitialize((params) => {
    context = readContext(params, context);
    const { capabilities } = params;
    const shared = { connection, documents, guard, docs, capabilities, options: optionsOf(params) };
    const provided = [serveDiagnostics, ...features].map((feature) => feature(shared));
    return { capabilities: Object.assign(base(context), ...provided), serverInfo: SERVER_INFO };
  });
  connection.listen();
}

const SERVER_INFO = { name: 'castra', version: CASTRA_VERSION };

const optionsOf = ({ initializationOptions }: InitializeParams): InitializationOptions =>
  (initializationOptions ?? {}) as InitializationOptions;

function readContext(params: InitializeParams, before: AnalysisContext) {
  const { capabilities } = params;
  const { home } = optionsOf(params);
  const encodings = capabilities.general?.positionEncodings ?? [];
  // The client's order is its preference; UTF-16 is what JavaScript has.
  const encoding = encodings[0] === PositionEncodingKind.UTF8 ? ('utf-8' as const) : ('utf-16' as const);
  return { ...before, encoding, ...(home ? { home } : {}) };
}

function base({ encoding }: AnalysisContext): ServerCapabilities {
  return { positionEncoding: encoding, textDocumentSync: TextDocumentSyncKind.Incremental };
}
