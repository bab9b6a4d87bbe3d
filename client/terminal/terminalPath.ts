import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import * as vscode from 'vscode';
import { messageOf } from '../../runtime/contract/failures.ts';
import { cliEnvironment, type Host } from '../host.ts';
import { settings } from '../ids.ts';
import { writeLaunchers } from './launcherFiles.ts';

export interface TerminalPath extends vscode.Disposable {
  /** Offers the command to terminals outside VS Code too. */
  install(): Promise<void>;
}

/**
 * Puts `castra` on the PATH of integrated terminals. The folder is in the global storage, so its path never changes:
 * with each other value VS Code asks to relaunch all terminals (microsoft/vscode#240098, #273458).
 */
export function addToPath(host: Host): TerminalPath {
  const folder = join(host.context.globalStorageUri.fsPath, 'bin');
  const apply = () => applyToTerminals(host.context.environmentVariableCollection, folder);
  apply();
  const write = () => writeLaunchers(folder, { node: process.execPath, cli: host.cli, home: homedir() });
  try {
    // In any case: a link of the user's may lead here, and an update has moved what it runs.
    write();
  } catch (error) {
    host.log.error(`The castra command could not be written to ${folder}: ${messageOf(error)}`);
  }
  const changed = vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(settings.addToPath) || event.affectsConfiguration(settings.qemuPath)) apply();
  });
  const granted = vscode.workspace.onDidGrantWorkspaceTrust(apply);
  return {
    install: () => import('./installCommand.ts').then(({ installCommand }) => installCommand(folder, write)),
    dispose: () => vscode.Disposable.from(changed, granted).dispose(),
  };
}

/** The collection outlives the window, so what is not wanted any more is deleted. */
function applyToTerminals(collection: vscode.EnvironmentVariableCollection, folder: string): void {
  if (!vscode.workspace.getConfiguration().get<boolean>(settings.addToPath, true)) {
    collection.clear();
    return;
  }
  collection.description = vscode.l10n.t('Adds the `castra` command');
  // At the end: a `castra` of the user's own comes first.
  collection.append('PATH', delimiter + folder);
  // So that it finds the QEMU that the buttons find. It names a program, and a project may have set it.
  const { CASTRA_QEMU } = vscode.workspace.isTrusted ? cliEnvironment() : {};
  if (CASTRA_QEMU === undefined) collection.delete('CASTRA_QEMU');
  else collection.replace('CASTRA_QEMU', CASTRA_QEMU);
}
