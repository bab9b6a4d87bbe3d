import { join } from 'node:path';
import * as vscode from 'vscode';
import type { LanguageClient, LanguageClientOptions, State } from 'vscode-languageclient/node';
import { HOST_FACTS, type HostFactsParams } from '../../server/protocol.ts';
import { paced } from '../fleet/paced.ts';
import type { FleetStore } from '../fleet/store.ts';
import { type Host, hostSettings } from '../host.ts';
import { LANGUAGE } from '../ids.ts';
import { lookAtHost } from './hostFacts.ts';
import { fillLens } from './lenses.ts';
import { adoptFiles } from './moreFiles.ts';
import { oneSession, type Session } from './oneSession.ts';

/** Lenses move the text when their number changes; steps of a start come faster than a user reads. */
const LENS_REDRAW_MS = 200;
/** Its enum is in the client, which is loaded with the first file. */
const STARTING: State.Starting = 3;

export interface Language extends vscode.Disposable {
  restart(): Promise<void>;
}

/** Starts the language server with the first castra.toml that is opened, and not before: loading its client takes 60 ms. */
export function openLanguage(host: Host, fleet: FleetStore): Language {
  const session = oneSession(
    () => startSession(host, fleet),
    (error) => host.log.error(`The language server could not be started: ${String(error)}`),
  );
  const startFor = ({ languageId }: vscode.TextDocument) => {
    if (languageId === LANGUAGE) session.start();
  };
  vscode.workspace.textDocuments.forEach(startFor);
  const opened = vscode.workspace.onDidOpenTextDocument(startFor);
  const adopted = adoptFiles();
  return {
    restart: () => session.restart(),
    dispose() {
      adopted.dispose();
      opened.dispose();
      void session.stop();
    },
  };
}

/** A running server, and what reports the fleet to it: both end together. */
async function startSession(host: Host, fleet: FleetStore): Promise<Session> {
  const client = await startClient(host, fleet);
  const reports = reportFleet(client, fleet, host.log);
  return {
    async dispose() {
      reports.dispose();
      // Its client starts a server that crashed again by itself, and can only end one that has started.
      // Whether that start succeeds is of no interest any more: it only has to be over.
      if (client.state === STARTING) await client.start().catch(() => undefined);
      await client.dispose();
    },
  };
}

async function startClient({ context, log }: Host, fleet: FleetStore): Promise<LanguageClient> {
  const { CloseAction, LanguageClient, RevealOutputChannelOn, TransportKind } = await import(
    'vscode-languageclient/node'
  );
  const module = join(context.extensionPath, 'dist', 'server.js');
  // Understanding a text leaves much behind that is soon forgotten; a smaller young generation keeps the process small.
  const server = { module, transport: TransportKind.ipc, options: { execArgv: ['--max-semi-space-size=4'] } };
  let hasStarted = false;
  const client: LanguageClient = new LanguageClient(LANGUAGE, 'Castra', server, {
    ...clientOptions(fleet),
    outputChannel: log,
    // A server that has something to say must not take the focus from the editor.
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    errorHandler: {
      error: (...failure) => crashes.error(...failure),
      // A start that failed has been reported and given up: a client that tried again would belong to no session.
      closed: () => (hasStarted ? crashes.closed() : { action: CloseAction.DoNotRestart }),
    },
  });
  const crashes = client.createDefaultErrorHandler();
  try {
    await client.start();
  } catch (error) {
    // What never ran cannot be stopped, and says so; but it is never started again.
    await client.dispose().catch(() => undefined);
    throw error;
  }
  hasStarted = true;
  return client;
}

function clientOptions(fleet: FleetStore): LanguageClientOptions {
  return {
    documentSelector: [
      { scheme: 'file', language: LANGUAGE },
      { scheme: 'untitled', language: LANGUAGE },
    ],
    initializationOptions: {
      home: hostSettings().home,
      retrigger: 'editor.action.triggerSuggest',
      codeLens: true,
    },
    middleware: {
      async provideCodeLenses(document, token, next) {
        if (!vscode.workspace.isTrusted) return [];
        const lenses = (await next(document, token)) ?? [];
        return lenses.flatMap((lens) => fillLens(lens, fleet.projects));
      },
    },
  };
}

/** Lenses and findings about the host are asked for with the text; what they say changes with the VMs. */
function reportFleet(client: LanguageClient, fleet: FleetStore, log: vscode.LogOutputChannel): vscode.Disposable {
  const redraw = () => {
    const feature = client.getFeature('textDocument/codeLens');
    for (const document of vscode.workspace.textDocuments) {
      feature.getProvider(document)?.onDidChangeCodeLensEmitter.fire();
    }
  };
  const sendFacts = () => {
    for (const project of fleet.projects) {
      const uri = client.code2ProtocolConverter.asUri(vscode.Uri.file(project.id));
      const params: HostFactsParams = { uri, facts: lookAtHost(project, hostSettings()) };
      // It may crash just now.
      client.sendNotification(HOST_FACTS, params).catch((error: unknown) => log.debug(String(error)));
    }
  };
  const report = () => {
    // A server that crashed is started again by its client; until then there is no server to report to.
    if (!client.isRunning()) return;
    redraw();
    sendFacts();
  };
  report();
  return paced(fleet.onDidChange, LENS_REDRAW_MS, report);
}
