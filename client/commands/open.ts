import * as vscode from 'vscode';
import type { RowState } from '../fleet/rowState.ts';
import type { FleetStore } from '../fleet/store.ts';
import type { Host } from '../host.ts';
import { logPath } from '../logs/logs.ts';
import type { Node } from '../views/vmTree.ts';
import { type ChosenVm, chooseProject, chooseVms, nameIn } from './choose.ts';
import type { CommandParts, Handler } from './context.ts';
import { ANY, type OtherName, RUNNING } from './table.ts';

/** Long enough to be read. */
const COPIED_MS = 5000;

/** Ways into a VM and to its file. */
export function open({ fleet, host, consoles }: CommandParts) {
  const one = async (states: readonly RowState[], argument: unknown) =>
    (await chooseVms(fleet, states, argument, undefined, false))?.[0];
  return {
    async openShell(argument: unknown) {
      const chosen = await one(RUNNING, argument);
      if (chosen) openShell(host, chosen, fleet);
    },
    async openSerial(argument: unknown) {
      const chosen = await one(RUNNING, argument);
      if (chosen) consoles.show(chosen);
    },
    async copySshCommand(argument: unknown) {
      const chosen = await one(RUNNING, argument);
      if (!chosen) return;
      const command = `castra ssh --config '${chosen.project.id}' ${chosen.vm.name}`;
      await copy(command);
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
    async copyAddress(argument: unknown) {
      const node = argument as Extract<Node, { kind: 'port' }> | undefined;
      const chosen = node?.kind === 'port' ? node : await pickPort(fleet, argument);
      if (chosen) await copy(`127.0.0.1:${chosen.forward.host}`);
    },
    async copyLogPath(argument: unknown) {
      const node = argument as Extract<Node, { kind: 'log' }> | undefined;
      const [chosen] = (await chooseVms(fleet, ANY, argument, undefined, false)) ?? [];
      const { stateRoot } = chosen?.project ?? {};
      if (chosen && stateRoot !== undefined) await copy(logPath(stateRoot, chosen.vm.name, node?.log ?? 'serial'));
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

async function copy(text: string): Promise<void> {
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(vscode.l10n.t('Copied: {0}', text), COPIED_MS);
}

/** Through the workbench: the window may be on another machine than the VM. Only what answers as a web server does is opened as a page. */
async function openForward(port: number): Promise<void> {
  const { protocolOf } = await import('./webPort.ts');
  const protocol = await protocolOf(port);
  if (protocol === undefined) {
    await copy(`127.0.0.1:${port}`);
    const text = vscode.l10n.t('Port {0} does not answer as a web server does. Its address was copied.', port);
    return void vscode.window.showInformationMessage(text);
  }
  const uri = await vscode.env.asExternalUri(vscode.Uri.parse(`${protocol}://127.0.0.1:${port}/`));
  await vscode.env.openExternal(uri);
}

/** A process of its own in a terminal: it survives a reload of the window, and connects again after a restart of the VM. */
function openShell({ cli }: Host, chosen: ChosenVm, fleet: FleetStore): void {
  const terminal = vscode.window.createTerminal({
    name: nameIn(fleet.projects, chosen),
    shellPath: process.execPath,
    shellArgs: [cli, 'ssh', '--stay', '--config', chosen.project.id, chosen.vm.name],
    env: { ELECTRON_RUN_AS_NODE: '1', ELECTRON_NO_ASAR: '1' },
    iconPath: new vscode.ThemeIcon('vm-running'),
  });
  terminal.show();
}
