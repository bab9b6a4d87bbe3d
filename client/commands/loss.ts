import * as vscode from 'vscode';
import { formatBytes } from '../../runtime/contract/bytes.ts';
import { settings } from '../ids.ts';
import type { ChosenVm } from './choose.ts';
import type { CommandParts } from './context.ts';
import { exportDisk } from './exportDisk.ts';

/** What is to become of the disks; undefined when nothing shall happen. */
export type Fate = 'discard' | 'keep' | undefined;

type Change = 'down' | 'restart' | 'remove';

/** Says before a VM is stopped what is lost with its disk. The harmless answer comes first: it has the focus. */
export async function askAboutLoss(parts: CommandParts, change: Change, chosen: readonly ChosenVm[]): Promise<Fate> {
  if (!vscode.workspace.getConfiguration().get(settings.confirmDiscard)) return 'discard';
  const losing = (await asTheyAre(parts, chosen)).filter(({ vm }) => vm.status?.overlayBytes !== undefined);
  const [first, ...others] = losing;
  if (first === undefined) return 'discard';
  const only = others.length === 0 ? first : undefined;
  const { act, actAndKeep } = titles(change);
  const saveFirst = vscode.l10n.t('Export, Then {0}', act);
  const question = only
    ? vscode.l10n.t('{0} of {1} discards its disk: {2}.', act, only.vm.name, writtenBy(only))
    : vscode.l10n.t('{0} discards the disks of {1} virtual machines.', act, losing.length);
  const detail = only ? undefined : losing.map((one) => `${one.vm.name}: ${writtenBy(one)}`).join('\n');
  const answer = await vscode.window.showWarningMessage(
    question,
    { modal: true, ...(detail ? { detail } : {}) },
    actAndKeep,
    act,
    ...(only ? [saveFirst] : []),
  );
  if (answer === saveFirst) return only && (await exportDisk(parts, only)) ? 'discard' : undefined;
  return answer === act ? 'discard' : answer === actAndKeep ? 'keep' : undefined;
}

/** Sizes are those of the last look, which a guest that writes does not cause. */
async function asTheyAre({ fleet }: CommandParts, chosen: readonly ChosenVm[]): Promise<ChosenVm[]> {
  const ids = [...new Set(chosen.map(({ project }) => project.id))];
  await Promise.all(ids.map((id) => fleet.refresh(id)));
  return chosen.map((one) => {
    const project = fleet.projects.find(({ id }) => id === one.project.id) ?? one.project;
    return { project, vm: project.vms.find(({ name }) => name === one.vm.name) ?? one.vm };
  });
}

function titles(change: Change): { readonly act: string; readonly actAndKeep: string } {
  switch (change) {
    case 'down':
      return { act: vscode.l10n.t('Down'), actAndKeep: vscode.l10n.t('Down and Keep Disk') };
    case 'restart':
      return { act: vscode.l10n.t('Restart'), actAndKeep: vscode.l10n.t('Restart and Keep Disk') };
    case 'remove':
      return { act: vscode.l10n.t('Remove'), actAndKeep: vscode.l10n.t('Remove and Keep Disk') };
  }
}

function writtenBy({ vm: { status } }: ChosenVm): string {
  const size = formatBytes(status?.overlayBytes ?? 0);
  if (status?.uptimeMs === undefined) return vscode.l10n.t('{0} written', size);
  const since = new Date(Date.now() - status.uptimeMs);
  const isToday = since.toDateString() === new Date().toDateString();
  const time = since.toLocaleTimeString(vscode.env.language, { hour: '2-digit', minute: '2-digit' });
  const shown = isToday ? time : `${since.toLocaleDateString(vscode.env.language)} ${time}`;
  return vscode.l10n.t('{0} written since {1}', size, shown);
}
