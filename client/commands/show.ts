import * as vscode from 'vscode';
import { chooseVms } from './choose.ts';
import type { CommandParts, Handler } from './context.ts';
import { ANY, type OtherName } from './table.ts';

/** What only shows something. */
export function show({ host, fleet, operations, logs, restartServer, installCommand }: CommandParts) {
  const showLog = (source: 'serial' | 'qemu') => async (argument: unknown) => {
    const [chosen] = (await chooseVms(fleet, ANY, argument, undefined, false)) ?? [];
    if (chosen) logs.show(chosen, source);
  };
  return {
    refresh: () => fleet.refresh(),
    showSerialLog: showLog('serial'),
    showQemuLog: showLog('qemu'),
    showLog: () => host.log.show(),
    restartServer,
    installCommand,
    doctor: () => import('./doctor.ts').then(({ showDoctor }) => showDoctor({ host, fleet, operations })),
    copyInstallCommand: () => copyInstallCommand(),
  } satisfies Partial<Record<OtherName, Handler>>;
}

/** Never run for the user: it takes rights, and a package manager is theirs to choose. */
async function copyInstallCommand(): Promise<void> {
  const { installCommand } = await import('../../runtime/vm/host/qemu.ts');
  const command = installCommand();
  await vscode.env.clipboard.writeText(command);
  void vscode.window.showInformationMessage(vscode.l10n.t('Copied: {0}', command));
}
