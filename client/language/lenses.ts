import * as vscode from 'vscode';
import type { ProjectView, VmView } from '../fleet/view.ts';
import { commandId, LENS_COMMAND } from '../ids.ts';
import { showState } from '../views/vmItem.ts';

/** What the server puts into the lens of a role. */
interface LensData {
  readonly uri: string;
  readonly vms: readonly string[];
}

/** The server knows where a role stands and what its VMs are called; here is what they do. */
export function fillLens(lens: vscode.CodeLens, projects: readonly ProjectView[]): vscode.CodeLens[] {
  const data = lens.command?.command === LENS_COMMAND ? (lens.command.arguments?.[0] as LensData) : undefined;
  const project = data && projects.find(({ id }) => id === vscode.Uri.parse(data.uri).fsPath);
  if (!data || !project) return [];
  const vms = project.vms.filter(({ name }) => data.vms.includes(name));
  if (vms.length === 0) return [];
  const target = { project: project.id, vms: data.vms };
  return lensesFor(vms).map(
    ({ title, command }) => new vscode.CodeLens(lens.range, { title, command, arguments: [target] }),
  );
}

interface Lens {
  readonly title: string;
  readonly command: string;
}

function lensesFor(vms: readonly VmView[]): Lens[] {
  const running = vms.filter(({ status }) => status?.pid !== undefined);
  const busy = vms.some(({ state }) => state === 'starting' || state === 'stopping');
  const state = vms.length === 1 ? showState(vms[0]?.state ?? 'unknown') : `${running.length}/${vms.length}`;
  if (busy) return [{ title: `$(loading~spin) ${state}`, command: commandId('cancel') }];
  const change: Lens =
    running.length > 0
      ? { title: vscode.l10n.t('$(debug-stop) Down'), command: commandId('down') }
      : { title: vscode.l10n.t('$(play) Up'), command: commandId('up') };
  const into: Lens[] = [
    { title: vscode.l10n.t('$(terminal) Shell'), command: commandId('openShell') },
    { title: vscode.l10n.t('$(output) Serial'), command: commandId('showSerialLog') },
  ];
  return [change, ...(running.length > 0 ? into : []), { title: state, command: `castra.vms.focus` }];
}
