// The entry creates the parts and connects them. Nothing is awaited: a window that opens must not wait for us.
import * as vscode from 'vscode';
import { openOperations } from './cli/commandsOfProjects.ts';
import { provideTexts } from './commands/readOnlyText.ts';
import { registerCommands } from './commands/register.ts';
import { openConsoles } from './console/serialTerminal.ts';
import { openFleet } from './fleet/store.ts';
import { openHost } from './host.ts';
import { openLanguage } from './language/language.ts';
import { openLogs } from './logs/logs.ts';
import { watchProjects } from './projects.ts';
import { followQemu } from './qemuLookup.ts';
import { translateWith } from './say.ts';
import { provideTasks } from './tasks/tasks.ts';
import { addToPath } from './terminal/terminalPath.ts';
import { dimStaleRows } from './views/staleRows.ts';
import { openStatusBar } from './views/statusBar.ts';
import { openTree } from './views/vmTree.ts';

export function activate(context: vscode.ExtensionContext): void {
  translateWith(vscode.l10n.t);
  const host = openHost(context);
  // First of all: a terminal that is restored with the window asks for its environment at once.
  const path = addToPath(host);
  const projects = watchProjects();
  const fleet = openFleet(projects, host.log);
  const operations = openOperations(host, fleet);
  const logs = openLogs(fleet);
  const consoles = openConsoles(fleet);
  const language = openLanguage(host, fleet);
  const restartServer = () => language.restart();
  const parts = { host, fleet, operations, logs, consoles, restartServer, installCommand: path.install };
  context.subscriptions.push(
    ...[path, projects, fleet, logs, consoles, language, openTree(fleet), openStatusBar(fleet)],
    ...[registerCommands(parts), provideTasks(host, projects), followQemu(), provideTexts(), dimStaleRows()],
  );
}
