import { join } from 'node:path';
import * as vscode from 'vscode';
import type { HostSettings } from '../runtime/contract/project.ts';
import { readSettings } from '../runtime/process/environment.ts';
import { settings } from './ids.ts';

/** What the parts of the extension share: where its files are, and how Castra is called. */
export interface Host {
  readonly context: vscode.ExtensionContext;
  /** Our own words, and those of the command line. */
  readonly log: vscode.LogOutputChannel;
  /** Path of the bundled command line. */
  readonly cli: string;
}

export function openHost(context: vscode.ExtensionContext): Host {
  const log = vscode.window.createOutputChannel('Castra', { log: true });
  context.subscriptions.push(log);
  return { context, log, cli: join(context.extensionPath, 'dist', 'cli.js') };
}

/** For the command line: VS Code's settings as the environment variables that it knows. */
export function cliEnvironment(): Record<string, string> {
  const qemu = vscode.workspace.getConfiguration().get<string>(settings.qemuPath)?.trim();
  return qemu ? { CASTRA_QEMU: qemu } : {};
}

/** For what is read in this process. */
export function hostSettings(): HostSettings {
  return readSettings({ ...process.env, ...cliEnvironment() });
}
