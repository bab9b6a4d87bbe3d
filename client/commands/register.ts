import * as vscode from 'vscode';
import { change, changesOfTable } from './change.ts';
import type { CommandParts, Handler } from './context.ts';
import { open } from './open.ts';
import { show } from './show.ts';
import { commandTable, type OtherName } from './table.ts';

const needTrust = new Set(Object.entries(commandTable).flatMap(([name, { needsTrust }]) => (needsTrust ? [name] : [])));

/** Registers every command; each works on a row, on several, and from the palette. */
export function registerCommands(parts: CommandParts): vscode.Disposable {
  // The compiler says which command of the table has no handler.
  const others: Readonly<Record<OtherName, Handler>> = { ...change(parts), ...open(parts), ...show(parts) };
  const handlers = Object.entries({ ...changesOfTable(parts), ...others });
  return vscode.Disposable.from(
    ...handlers.map(([name, handler]) =>
      vscode.commands.registerCommand(`castra.${name}`, (argument, more) => {
        const isRefused = needTrust.has(name) && !vscode.workspace.isTrusted;
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
