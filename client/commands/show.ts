import * as vscode from 'vscode';
import { commands } from '../ids.ts';
import { chooseVms } from './choose.ts';
import { ANY, type CommandParts } from './context.ts';

/** What only shows something. */
export function show({ host, fleet, operations, logs, restartServer }: CommandParts) {
  const showLog = (source: 'serial' | 'qemu') => async (argument: unknown) => {
    const [chosen] = (await chooseVms(fleet, ANY, argument, undefined, false)) ?? [];
    if (chosen) logs.show(chosen, source);
  };
  return {
    [commands.refresh]: () => fleet.refresh(),
    [commands.showSerialLog]: showLog('serial'),
    [commands.showQemuLog]: showLog('qemu'),
    [commands.showLog]: () => host.log.show(),
    [commands.restartServer]: restartServer,
    [commands.doctor]: () => import('./doctor.ts').then(({ showDoctor }) => showDoctor({ host, fleet, operations })),
    [commands.copyInstallCommand]: () => copyInstallCommand(),
  };
}

/** Never run for the user: it takes rights, and a package manager is theirs to choose. */
async function copyInstallCommand(): Promise<void> {
  const { installCommand } = await import('../../runtime/vm/host/qemu.ts');
  const command = installCommand();
  await vscode.env.clipboard.writeText(command);
  void vscode.window.showInformationMessage(vscode.l10n.t('Copied: {0}', command));
}
