import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { outcomeOf } from '../cli/commandsOfProjects.ts';
import type { ChosenVm } from './choose.ts';
import type { CommandParts } from './context.ts';

/** Copies the disk of a VM to a file, also while it runs. True once that is done. */
export async function exportDisk(
  { host, operations }: Pick<CommandParts, 'host' | 'operations'>,
  { project, vm }: ChosenVm,
): Promise<boolean> {
  const defaultUri = vscode.Uri.file(join(dirname(project.id), `${vm.name}.qcow2`));
  const target = await vscode.window.showSaveDialog({ defaultUri, filters: { qcow2: ['qcow2'] } });
  if (!target) return false;
  const title = vscode.l10n.t('Castra: exporting the disk of {0}', vm.name);
  // The dialog asked already whether a file there may be replaced.
  const asked = operations.ask(project, ['export', '--force', vm.name, target.fsPath]);
  const outcome = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, () =>
    outcomeOf(host, asked),
  );
  return outcome !== undefined;
}
