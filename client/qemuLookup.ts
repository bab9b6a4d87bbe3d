import * as vscode from 'vscode';
import { findQemu } from '../runtime/vm/host/qemu.ts';
import { hostSettings } from './host.ts';
import { contexts, settings } from './ids.ts';

/** Keeps `castra.qemuFound` and `castra.qemuMissing` true to what is on PATH: a few stat(2), when the window comes to the front or a setting changes. */
export function followQemu(): vscode.Disposable {
  const set = (key: string, value: boolean) => void vscode.commands.executeCommand('setContext', key, value);
  const look = () => {
    const found = isThere();
    set(contexts.qemuFound, found);
    set(contexts.qemuMissing, !found);
  };
  look();
  return vscode.Disposable.from(
    vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration(settings.qemuPath) && look()),
    vscode.window.onDidChangeWindowState(({ focused }) => focused && look()),
  );
}

function isThere(): boolean {
  try {
    findQemu(hostSettings());
    return true;
  } catch {
    return false;
  }
}
