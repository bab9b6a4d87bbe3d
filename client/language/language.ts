import { join } from 'node:path';
import * as vscode from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import type { FleetStore } from '../fleet/store.ts';
import { type Host, hostSettings } from '../host.ts';
import { LANGUAGE } from '../ids.ts';
import { lookAtHost } from './hostFacts.ts';
import { fillLens } from './lenses.ts';

/** Lenses move the text when their number changes; steps of a start come faster than anybody reads. */
const LENS_REDRAW_MS = 200;

export interface Language extends vscode.Disposable {
  restart(): Promise<void>;
}

/** Starts the language server with the first castra.toml that is opened, and not before: loading its client takes 60 ms. */
export function openLanguage(host: Host, fleet: FleetStore): Language {
  let client: Promise<LanguageClient> | undefined;
  const start = () => {
    client ??= startClient(host, fleet);
    client.catch((error: unknown) => host.log.error(`The language server could not be started: ${String(error)}`));
  };
  const startFor = ({ languageId }: vscode.TextDocument) => {
    if (languageId === LANGUAGE) start();
  };
  vscode.workspace.textDocuments.forEach(startFor);
  const opened = vscode.workspace.onDidOpenTextDocument(startFor);
  return {
    async restart() {
      const before = client;
      client = undefined;
      await (await before)?.dispose();
      start();
    },
    dispose() {
      opened.dispose();
      void client?.then((running) => running.dispose());
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
    // A server that has something to say must not take the focus from whoever types.
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
  const redraw = () => {
    const feature = client.getFeature('textDocument/codeLens');
    for (const document of vscode.workspace.textDocuments) {
      feature.getProvider(document)?.onDidChangeCodeLensEmitter.fire();
    }
  };
  const tellFacts = () => {
    for (const project of fleet.projects) {
      const uri = client.code2ProtocolConverter.asUri(vscode.Uri.file(project.id));
      void client.sendNotification('castra/hostFacts', { uri, facts: lookAtHost(project, hostSettings()) });
    }
  };
  whenFleetChanges(fleet, () => {
    redraw();
    tellFacts();
  });
  return client;
}

/** Lenses and findings about the host are asked for with the text; what they say changes with the VMs. */
function whenFleetChanges(fleet: FleetStore, act: () => void): void {
  let waiting = false;
  fleet.onDidChange(() => {
    if (!waiting) {
      setTimeout(() => {
        waiting = false;
        act();
      }, LENS_REDRAW_MS);
    }
    waiting = true;
  });
  act();
}
