import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { messageOf } from '../../runtime/contract/failures.ts';
import { inspectLink, isOnPath, linkPath, makeLink, pathLine } from './commandLink.ts';

/**
 * Offers `castra` to terminals outside VS Code: a link to the launcher, or a line for the shell's rc file. It asks
 * first, and replaces nothing.
 */
export async function installCommand(folder: string, writeLaunchers: () => void): Promise<void> {
  try {
    writeLaunchers();
    if (process.platform === 'win32') await offerFolder(folder);
    else await offerLink(folder);
  } catch (error) {
    const text = vscode.l10n.t('The castra command could not be installed: {0}', messageOf(error));
    void vscode.window.showErrorMessage(text);
  }
}

async function offerLink(folder: string): Promise<void> {
  const link = linkPath(homedir());
  const launcher = join(folder, 'castra');
  const place = inspectLink(link, launcher);
  switch (place.kind) {
    case 'free':
      return askForLink(link, launcher);
    case 'ours':
      return sayInstalled(link);
    case 'foreign': {
      const text = vscode.l10n.t(
        '{0} is {1} that Castra did not create. Move it away to install the command.',
        link,
        place.what,
      );
      return offerToCopy(text, pathLine(folder));
    }
  }
}

async function askForLink(link: string, launcher: string): Promise<void> {
  const create = vscode.l10n.t('Create the Link');
  const copy = vscode.l10n.t('Copy a Line for My Shell Instead');
  const text = vscode.l10n.t('Install the castra command for terminals outside VS Code?');
  const detail = vscode.l10n.t(
    'This creates a link, which each update of the extension updates:\n{0} → {1}',
    link,
    launcher,
  );
  const chosen = await vscode.window.showInformationMessage(text, { modal: true, detail }, create, copy);
  if (chosen === copy) await vscode.env.clipboard.writeText(pathLine(dirname(launcher)));
  if (chosen !== create) return;
  makeLink(link, launcher);
  await sayInstalled(link);
}

async function sayInstalled(link: string): Promise<void> {
  const folder = dirname(link);
  const text = vscode.l10n.t('castra is installed: {0}', link);
  if (isOnPath(folder, process.env.PATH)) return void vscode.window.showInformationMessage(text);
  const missing = vscode.l10n.t('{0} is not on your PATH yet. Add a line to the rc file of your shell.', folder);
  await offerToCopy(`${text}. ${missing}`, pathLine(folder));
}

/** `setx` cuts a long PATH off, so it is left to the user. */
const offerFolder = (folder: string): Promise<void> =>
  offerToCopy(vscode.l10n.t('Add this folder to Path in the environment variables of Windows: {0}', folder), folder);

async function offerToCopy(text: string, line: string): Promise<void> {
  const copy = vscode.l10n.t('Copy');
  const chosen = await vscode.window.showInformationMessage(text, { modal: true, detail: line }, copy);
  if (chosen === copy) await vscode.env.clipboard.writeText(line);
}
