import { basename } from 'node:path';
import * as vscode from 'vscode';
import { configTemplate } from '../../runtime/config/template.ts';

const FILE_NAME = 'castra.toml';

/** Writes the template into the folder that was meant, and puts the cursor on the name of its VM. */
export async function createConfig(): Promise<void> {
  const folder = await chooseFolder();
  if (!folder) return;
  const uri = vscode.Uri.joinPath(folder.uri, FILE_NAME);
  if (!(await exists(uri))) {
    const text = configTemplate(basename(folder.uri.path));
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  }
  const editor = await vscode.window.showTextDocument(uri);
  const offset = editor.document.getText().search(/(?<=\[\[vms\]\]\nname = ")/);
  if (offset < 0) return;
  const start = editor.document.positionAt(offset);
  const end = editor.document.lineAt(start.line).range.end.translate(0, -1);
  editor.selection = new vscode.Selection(start, end);
  editor.revealRange(editor.selection);
}

async function chooseFolder(): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length > 1) return vscode.window.showWorkspaceFolderPick();
  if (folders[0]) return folders[0];
  const open = vscode.l10n.t('Open Folder');
  const text = vscode.l10n.t('Open a folder first: castra.toml declares the virtual machines of a folder.');
  if ((await vscode.window.showInformationMessage(text, open)) === open) {
    await vscode.commands.executeCommand('vscode.openFolder');
  }
  return undefined;
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
