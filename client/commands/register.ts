import * as vscode from 'vscode';
import { type CommandId, commands } from '../ids.ts';
import { change } from './change.ts';
import type { CommandParts } from './context.ts';
import { open } from './open.ts';
import { show } from './show.ts';

type Handlers = Partial<Record<CommandId, (argument: unknown, more: unknown) => unknown>>;

/** They start processes by what castra.toml says. Menus hide them without trust; a keybinding does not. */
const NEED_TRUST: readonly CommandId[] = [
  ...[commands.up, commands.upAll, commands.down, commands.downAll, commands.restart, commands.forceStop],
  ...[commands.clean, commands.openShell, commands.openSerial, commands.openRemote, commands.doctor],
];

/** Registers every command; each works on a row, on several, and from the palette. */
export function registerCommands(parts: CommandParts): vscode.Disposable {
  const handlers: Handlers = { ...change(parts), ...open(parts), ...show(parts) };
  return vscode.Disposable.from(
    ...Object.entries(handlers).map(([id, handler]) =>
      vscode.commands.registerCommand(id, (argument, more) => {
        const isRefused = !vscode.workspace.isTrusted && NEED_TRUST.some((one) => one === id);
        return isRefused ? refuse() : handler(argument, more);
      }),
    ),
  );
}

async function refuse(): Promise<void> {
  const manage = vscode.l10n.t('Manage Trust');
  const text = vscode.l10n.t('Castra starts and stops virtual machines only in a trusted workspace. Trust it first.');
  if ((await vscode.window.showWarningMessage(text, manage)) === manage) {
    await vscode.commands.executeCommand('workbench.trust.manage');
  }
}
