import * as vscode from 'vscode';
import { outcomeOf } from '../cli/commandsOfProjects.ts';
import { chooseProject } from './choose.ts';
import type { CommandParts } from './context.ts';

interface Cleaned {
  readonly reclaimedBytes: number;
  readonly roots: readonly { readonly actions: readonly { readonly result: string; readonly path: string }[] }[];
}

/** Asks with the list of the dry run: what goes is seen before it goes. */
export async function clean(
  { fleet, operations, host }: Pick<CommandParts, 'fleet' | 'operations' | 'host'>,
  argument: unknown,
) {
  const project = await chooseProject(fleet, argument);
  if (!project) return;
  const plan = await outcomeOf<Cleaned>(host, operations.ask(project, ['clean', '--dry-run']));
  if (!plan) return;
  const planned = plan.roots.flatMap(({ actions }) => actions.filter(({ result }) => result === 'planned'));
  if (planned.length === 0) return void vscode.window.showInformationMessage(vscode.l10n.t('Nothing to clean.'));
  const question = vscode.l10n.t('Remove {0} files of {1}?', planned.length, project.name);
  const shown = planned.slice(0, 12).map(({ path }) => path);
  if (planned.length > shown.length) shown.push('…');
  const remove = vscode.l10n.t('Remove');
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail: shown.join('\n') }, remove)) !== remove)
    return;
  await outcomeOf(host, operations.ask(project, ['clean']));
  await fleet.refresh(project.id);
}
