import * as vscode from 'vscode';
import type { FleetStore } from '../fleet/store.ts';
import type { RowState } from '../fleet/view.ts';
import type { Host } from '../host.ts';
import type { Node } from '../views/vmTree.ts';
import { type ChosenVm, chooseProject, chooseVms } from './choose.ts';
import type { CommandParts, Handler } from './context.ts';
import { type OtherName, RUNNING } from './table.ts';

/** Long enough to be read. */
const COPIED_MS = 5000;

/** Ways into a VM and to its file. */
export function open({ fleet, host, consoles }: CommandParts) {
  const one = async (states: readonly RowState[], argument: unknown) =>
    (await chooseVms(fleet, states, argument, undefined, false))?.[0];
  return {
    async openShell(argument: unknown) {
      const chosen = await one(RUNNING, argument);
      if (chosen) openShell(host, chosen);
    },
    async openSerial(argument: unknown) {
      const chosen = await one(RUNNING, argument);
      if (chosen) consoles.show(chosen);
    },
    async copySshCommand(argument: unknown) {
      const chosen = await one(RUNNING, argument);
      if (!chosen) return;
      const command = `castra ssh --config '${chosen.project.id}' ${chosen.vm.name}`;
      await vscode.env.clipboard.writeText(command);
      vscode.window.setStatusBarMessage(vscode.l10n.t('Copied: {0}', command), COPIED_MS);
    },
    async openRemote(argument: unknown) {
      const chosen = await one(RUNNING, argument);
      if (chosen) await (await import('./remoteSsh.ts')).openInRemoteSsh(host, chosen);
    },
    async openPort(argument: unknown) {
      const node = argument as Extract<Node, { kind: 'port' }> | undefined;
      const chosen = node?.kind === 'port' ? node : await pickPort(fleet, argument);
      if (chosen) await openForward(chosen.forward.host);
    },
    async openConfig(argument: unknown) {
      const project = await chooseProject(fleet, argument);
      if (project) await vscode.window.showTextDocument(vscode.Uri.file(project.id));
    },
    init: () => import('./init.ts').then(({ createConfig }) => createConfig()),
  } satisfies Partial<Record<OtherName, Handler>>;
}

async function pickPort(fleet: FleetStore, argument: unknown) {
  const [chosen] = (await chooseVms(fleet, RUNNING, argument, undefined, false)) ?? [];
  const forwards = chosen?.vm.status?.forwards.filter(({ protocol }) => protocol === 'tcp') ?? [];
  const items = forwards.map((forward) => ({ label: `${forward.host} → ${forward.guest}`, forward }));
  return items.length < 2 ? items[0] : vscode.window.showQuickPick(items);
}

/** Through the workbench: the window may be on another machine than the VM. */
async function openForward(port: number): Promise<void> {
  const uri = await vscode.env.asExternalUri(vscode.Uri.parse(`http://127.0.0.1:${port}/`));
  await vscode.env.openExternal(uri);
}

/** A process of its own in a terminal: it survives a reload of the window. */
function openShell({ cli }: Host, { project, vm }: ChosenVm): void {
  const terminal = vscode.window.createTerminal({
    name: vm.name,
    shellPath: process.execPath,
    shellArgs: [cli, 'ssh', '--config', project.id, vm.name],
    env: { ELECTRON_RUN_AS_NODE: '1', ELECTRON_NO_ASAR: '1' },
    iconPath: new vscode.ThemeIcon('vm-running'),
  });
  terminal.show();
}
