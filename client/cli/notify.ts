import * as vscode from 'vscode';
import type { Position } from '../../runtime/contract/diagnostics.ts';
import type { Failure } from '../../runtime/contract/failures.ts';
import type { ProjectView } from '../fleet/view.ts';
import type { Host } from '../host.ts';
import { commandId, settings } from '../ids.ts';
import { reasonOf } from './reason.ts';
import type { CliEnd } from './runner.ts';

/** The only place with pop-ups: one for a failed command of the user, with actions. Success shows in the tree. */
export async function reportFailure(host: Host, project: ProjectView, end: CliEnd): Promise<void> {
  if (end.kind === 'completed') return;
  const failure = end.kind === 'failed' ? end.failure : undefined;
  if (failure?.kind === 'cancelled') return;
  host.log.error(end.message);
  const missing = isQemuMissing(failure);
  if (vscode.workspace.getConfiguration().get(settings.notifications) === 'none') return;
  const actions = actionsFor(failure, missing);
  const message = failure ? reasonOf(failure) : (end.message.split('\n', 1)[0] ?? '');
  const chosen = await vscode.window.showErrorMessage(message, ...actions.map(({ title }) => title));
  actions.find(({ title }) => title === chosen)?.run(project, failure);
}

interface Action {
  readonly title: string;
  readonly run: (project: ProjectView, failure: Failure | undefined) => void;
}

const run =
  (command: string, ...args: unknown[]) =>
  () =>
    void vscode.commands.executeCommand(command, ...args);

function actionsFor(failure: Failure | undefined, qemuMissing: boolean): Action[] {
  const showLog = { title: vscode.l10n.t('Show Log'), run: run(commandId('showLog')) };
  const openConfig: Action = {
    title: vscode.l10n.t('Open castra.toml'),
    run: (project, failure) => void openAt(project.id, placeOf(failure)),
  };
  if (qemuMissing)
    return [{ title: vscode.l10n.t('Install QEMU…'), run: run(commandId('copyInstallCommand')) }, showLog];
  switch (failure?.kind) {
    case 'config-invalid':
    case 'config-unreadable':
      return [openConfig, showLog];
    case 'preflight-failed':
      return [openConfig, { title: vscode.l10n.t('Doctor'), run: run(commandId('doctor')) }, showLog];
    case 'up-failed':
      return [{ title: vscode.l10n.t('Show Serial Log'), run: showSerialLog }, openConfig, showLog];
    default:
      return [showLog];
  }
}

/** Of the first finding that has one. */
function placeOf(failure: Failure | undefined): Position | undefined {
  switch (failure?.kind) {
    case 'config-invalid':
      return failure.diagnostics.find(({ severity }) => severity === 'error')?.range?.start;
    case 'preflight-failed':
      return failure.problems.find(({ range }) => range)?.range?.start;
    default:
      return undefined;
  }
}

async function openAt(path: string, place: Position | undefined): Promise<void> {
  const at = place && new vscode.Position(place.line - 1, place.column - 1);
  const selection = at && { selection: new vscode.Range(at, at) };
  await vscode.window.showTextDocument(vscode.Uri.file(path), selection);
}

/** Of the first VM that failed. */
function showSerialLog(project: ProjectView, failure: Failure | undefined): void {
  const name = failure?.kind === 'up-failed' ? failure.vms.find((vm) => vm.result === 'failed')?.vm : undefined;
  const vm = project.vms.find((one) => one.name === name);
  if (vm) void vscode.commands.executeCommand(commandId('showSerialLog'), { kind: 'vm', project, vm });
}

function isQemuMissing(failure: Failure | undefined): boolean {
  const missing = (code: string) => code === 'host/qemu-missing' || code === 'host/qemu-img-missing';
  return failure?.kind === 'preflight-failed' && failure.problems.some(({ code }) => missing(code));
}
