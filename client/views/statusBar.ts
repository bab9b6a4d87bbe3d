import * as vscode from 'vscode';
import type { FleetStore } from '../fleet/store.ts';
import { countRunning } from '../fleet/view.ts';
import { views } from '../ids.ts';

/** One item, only where there is a castra.toml: how many run of how many. */
export function openStatusBar(fleet: FleetStore): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('castra.status', vscode.StatusBarAlignment.Left);
  item.name = 'Castra';
  item.command = `${views.vms}.focus`;
  const draw = () => {
    const { projects } = fleet;
    const all = projects.reduce((sum, { vms }) => sum + vms.length, 0);
    const running = countRunning(projects);
    item.text = `$(vm) ${running}/${all}`;
    item.tooltip = vscode.l10n.t('{0} of {1} virtual machines are running', running, all);
    if (projects.length > 0) item.show();
    else item.hide();
  };
  return vscode.Disposable.from(item, fleet.onDidChange(draw));
}
