import { join } from 'node:path';
import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { HOST_FACTS, type HostFactsParams } from '../../server/protocol.ts';
import type { FleetStore } from '../fleet/store.ts';
import { type Host, hostSettings } from '../host.ts';
import { LANGUAGE } from '../ids.ts';
import { lookAtHost } from './hostFacts.ts';
import { fillLens } from './lenses.ts';
import { oneSession, type Session } from './oneSession.ts';

/** Lenses move the text when their number changes; steps of a start come faster than anybody reads. */
const LENS_REDRAW_MS = 200;

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
  return {
    restart: () => session.restart(),
    dispose() {
      opened.dispose();
      void session.stop();
    },
  };
}

/** A running server, and what reports the fleet to it: both end together. */
async function startSession(host: Host, fleet: FleetStore): Promise<Session> {
  const client = await startClient(host, fleet);
  const reports = reportFleet(client, fleet);
  return {
    async dispose() {
      reports.dispose();
      await client.dispose();
    },
  };
}

async function startClient({ context, log }: Host, fleet: FleetStore): Promise<LanguageClient> {
  const { LanguageClient, RevealOutputChannelOn, TransportKind } = await import('vscode-languageclient/node');
  const module = join(context.extensionPath, 'dist', 'server.js');
  // Understanding a text leaves much behind that is soon forgotten; a smaller young generation keeps the process small.
  const server = { module, transport: TransportKind.ipc, options: { execArgv: ['--max-semi-space-size=4'] } };
  const client = new LanguageClient(LANGUAGE, 'Castra', server, {
    documentSelector: [
      { scheme: 'file', language: LANGUAGE },
      { scheme: 'untitled', language: LANGUAGE },
    ],
    outputChannel: log,
    // A server that has something to say must not take the focus from the editor.
    revealOutputChannelOn: RevealOutputChannelOn.Never,
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
  });
  await client.start();
  return client;
}

/** Lenses and findings about the host are asked for with the text; what they say changes with the VMs. */
function reportFleet(client: LanguageClient, fleet: FleetStore): vscode.Disposable {
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
      void client.sendNotification(HOST_FACTS, params);
    }
  };
  return whenFleetChanges(fleet, () => {
    // A server that crashed is started again by its client; until then there is no server to report to.
    if (!client.isRunning()) return;
    redraw();
    sendFacts();
  });
}

function whenFleetChanges(fleet: FleetStore, act: () => void): vscode.Disposable {
  let waiting: NodeJS.Timeout | undefined;
  const changes = fleet.onDidChange(() => {
    waiting ??= setTimeout(() => {
      waiting = undefined;
      act();
    }, LENS_REDRAW_MS);
  });
  act();
  return {
    dispose() {
      clearTimeout(waiting);
      changes.dispose();
    },
  };
}
