import * as vscode from 'vscode';
import type { Position } from '../../runtime/contract/diagnostics.ts';
import { type Failure, HOST_NOT_READY } from '../../runtime/contract/failures.ts';
import type { ProjectView } from '../fleet/view.ts';
import type { Host } from '../host.ts';
import { commandId, settings } from '../ids.ts';
import { causeOf, helpOf, isForceable, isQemuMissing } from './cause.ts';
import { reasonOf } from './reason.ts';
import type { CliEnd } from './runner.ts';

/** Runs the same once more, with these flags. */
type Again = (flags: readonly string[]) => void;

/** The only place with pop-ups: one for a failed command of the user, with actions. Success shows in the tree. */
export async function reportFailure(host: Host, project: ProjectView, end: CliEnd, again: Again): Promise<void> {
  if (end.kind === 'completed') return;
  const failure = end.kind === 'failed' ? end.failure : undefined;
  if (failure?.kind === 'cancelled') return;
  host.log.error(end.message);
  if (vscode.workspace.getConfiguration().get(settings.notifications) === 'none') return;
  const actions = actionsFor(failure, project, again);
  const message = failure ? [reasonOf(failure), ...helpOf(failure)].join(' ') : firstLine(end.message);
  const chosen = await vscode.window.showErrorMessage(message, ...actions.map(({ title }) => title));
  actions.find(({ title }) => title === chosen)?.run();
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? HOST_NOT_READY;

interface Action {
  readonly title: string;
  readonly run: () => void;
}

const action = (title: string, command: string, ...args: unknown[]): Action => ({
  title,
  run: () => void vscode.commands.executeCommand(command, ...args),
});

/** The first leads to where the cause is. */
function actionsFor(failure: Failure | undefined, project: ProjectView, again: Again): Action[] {
  const showLog = action(vscode.l10n.t('Show Log'), commandId('showLog'));
  const openConfig: Action = {
    title: vscode.l10n.t('Open castra.toml'),
    run: () => void openAt(project.id, placeOf(failure)),
  };
  const doctor = action(vscode.l10n.t('Doctor'), commandId('doctor'));
  if (isQemuMissing(failure)) return [action(vscode.l10n.t('Install QEMU…'), commandId('copyInstallCommand')), showLog];
  if (isForceable(failure)) {
    const force: Action = { title: vscode.l10n.t('Start Anyway'), run: () => again(['--force']) };
    return [force, openConfig, doctor];
  }
  const { kind, vm } = causeOf(failure);
  const row = project.vms.find(({ name }) => name === vm);
  const node = row && { kind: 'vm', project, vm: row };
  switch (kind) {
    case 'config':
      return [openConfig, showLog];
    case 'host':
      return [openConfig, doctor, showLog];
    case 'qemu-log':
      return [action(vscode.l10n.t('Show QEMU Log'), commandId('showQemuLog'), node), openConfig, showLog];
    case 'serial-log':
      return [action(vscode.l10n.t('Show Serial Log'), commandId('showSerialLog'), node), openConfig, showLog];
    case 'other':
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
