import * as vscode from 'vscode';
import type { Host } from '../host.ts';
import type { ChosenVm } from './choose.ts';

const REMOTE_SSH = 'ms-vscode-remote.remote-ssh';

/**
 * Opens a window in the VM through Remote-SSH. It reads the user's own ssh configuration, which Castra does not edit:
 * the line that is missing there is offered, once, to be pasted.
 */
export async function openInRemoteSsh({ context }: Host, { project, vm }: ChosenVm): Promise<void> {
  if (!vscode.extensions.getExtension(REMOTE_SSH)) {
    const show = vscode.l10n.t('Show Extension');
    const text = vscode.l10n.t('To open a window in a VM, install the extension Remote - SSH.');
    if ((await vscode.window.showInformationMessage(text, show)) === show) {
      await vscode.commands.executeCommand('workbench.extensions.search', `@id:${REMOTE_SSH}`);
    }
    return;
  }
  const { slugify } = await import('../../runtime/config/vms/names.ts');
  const { projectFiles } = await import('../../runtime/state/layout.ts');
  const host = `castra-${slugify(project.name, 'project')}-${vm.name}`;
  await offerInclude(context, projectFiles(project.stateRoot ?? '').sshConfig);
  await vscode.commands.executeCommand('opensshremotes.openEmptyWindow', { host });
}

async function offerInclude(context: vscode.ExtensionContext, sshConfig: string): Promise<void> {
  const key = `include-offered:${sshConfig}`;
  if (context.globalState.get(key)) return;
  const line = `Include "${sshConfig}"`;
  const copy = vscode.l10n.t('Copy the Line');
  const text = vscode.l10n.t('Add this line at the top of ~/.ssh/config, so that ssh finds the VMs of this project.');
  const chosen = await vscode.window.showInformationMessage(text, { modal: true, detail: line }, copy);
  if (chosen !== copy) return;
  await vscode.env.clipboard.writeText(line);
  await context.globalState.update(key, true);
}
