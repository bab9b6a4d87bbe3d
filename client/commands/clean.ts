import * as vscode from 'vscode';
import { formatBytes } from '../../runtime/contract/bytes.ts';
import { outcomeOf } from '../cli/commandsOfProjects.ts';
import { chooseProject } from './choose.ts';
import type { CommandParts } from './context.ts';
import { showText } from './readOnlyText.ts';

interface Action {
  readonly result: string;
  readonly path: string;
  readonly bytes: number;
}

interface Cleaned {
  readonly reclaimedBytes: number;
  readonly roots: readonly { readonly actions: readonly Action[] }[];
}

const SHOWN = 12;

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
  if (!(await isWanted(project.name, planned))) return;
  await outcomeOf(host, operations.ask(project, ['clean']));
  await fleet.refresh(project.id);
}

/** The first button has the focus: it is one that removes nothing. */
async function isWanted(project: string, planned: readonly Action[]): Promise<boolean> {
  const bytes = formatBytes(planned.reduce((sum, one) => sum + one.bytes, 0));
  const question = vscode.l10n.t('Remove {0} files of {1} ({2})?', planned.length, project, bytes);
  const lines = planned.map((one) => `${one.path} (${formatBytes(one.bytes)})`);
  const detail = [...lines.slice(0, SHOWN), ...(lines.length > SHOWN ? ['…'] : [])].join('\n');
  const list = vscode.l10n.t('Show List');
  const remove = vscode.l10n.t('Remove');
  const answer = await vscode.window.showWarningMessage(question, { modal: true, detail }, list, remove);
  if (answer === list) await showText(vscode.l10n.t('Files to Clean'), `${question}\n\n${lines.join('\n')}\n`);
  return answer === remove;
}
