import * as vscode from 'vscode';
import type { RowState } from '../fleet/rowState.ts';
import type { Verb } from '../fleet/state.ts';
import type { VmView } from '../fleet/view.ts';
import { type ChosenVm, chooseProject, chooseVms, namesIn, sayNoneIs } from './choose.ts';
import { clean } from './clean.ts';
import type { CommandParts, Handler } from './context.ts';
import { exportDisk } from './exportDisk.ts';
import { askAboutLoss } from './loss.ts';
import { type Change, changes, type OtherName, RESTARTABLE, STOPPABLE } from './table.ts';

const KEEP = '--keep-overlay';

/** Commands that change the machine and are more than one verb. */
export function change(parts: CommandParts) {
  const { fleet, operations } = parts;
  return {
    async restart(argument: unknown, more: unknown) {
      const chosen = await chooseVms(fleet, RESTARTABLE, argument, more, true);
      const fate = chosen && (await askAboutLoss(parts, 'restart', chosen));
      if (!chosen || !fate) return;
      const flags = fate === 'keep' ? [KEEP] : [];
      if (await changeVms(parts, 'down', chosen, flags)) await changeVms(parts, 'up', chosen, []);
    },
    async cancel(argument: unknown) {
      const project = await chooseProject(fleet, argument);
      if (!project || (await operations.cancel(project, namesIn(argument))) === 'cancelled') return;
      void vscode.window.showInformationMessage(vscode.l10n.t('No command is running.'));
    },
    clean: (argument: unknown) => clean(parts, argument),
    async exportDisk(argument: unknown) {
      const [chosen] = (await chooseVms(fleet, EXPORTABLE, argument, undefined, false)) ?? [];
      if (chosen) await exportDisk(parts, chosen);
    },
  } satisfies Partial<Record<OtherName, Handler>>;
}

const EXPORTABLE: readonly RowState[] = [...STOPPABLE, 'leftover', 'failed'];

/** Commands that the table describes completely. */
export function changesOfTable(parts: CommandParts): Readonly<Record<string, Handler>> {
  const handlers = Object.entries(changes).map(([name, { runs }]) => [name, handlerOf(parts, runs)] as const);
  return Object.fromEntries(handlers);
}

function handlerOf(parts: CommandParts, { verb, vms, states, flags = [] }: Change): Handler {
  const { fleet, operations } = parts;
  if (vms === 'chosen') {
    return async (argument, more) => {
      const chosen = (await chooseVms(fleet, states, argument, more, true)) ?? [];
      const kept = await keptOrLost(parts, verb, chosen);
      if (kept) await changeVms(parts, verb, chosen, [...flags, ...kept]);
    };
  }
  return async (argument) => {
    const project = await chooseProject(fleet, argument);
    if (!project) return;
    const meant = project.vms.filter(({ state }) => states.includes(state));
    if (meant.length === 0) return sayNoneIs(states);
    const kept = await keptOrLost(parts, verb, inProject(project, meant));
    // What castra.toml declares is started, even what no row shows yet; what is stopped was seen running.
    const names = meant.map(({ name }) => name);
    if (kept) await operations.change(project, { verb, vms: names, all: verb === 'up', flags: [...flags, ...kept] });
  };
}

const inProject = (project: ChosenVm['project'], vms: readonly VmView[]): ChosenVm[] =>
  vms.map((vm) => ({ project, vm }));

/** The flags that the answer means; undefined when nothing shall be done. */
async function keptOrLost(
  parts: CommandParts,
  verb: Verb,
  chosen: readonly ChosenVm[],
): Promise<readonly string[] | undefined> {
  if (verb !== 'down') return [];
  const isLeft = chosen.every(({ vm }) => vm.state === 'leftover');
  const fate = await askAboutLoss(parts, isLeft ? 'remove' : 'down', chosen);
  return fate && (fate === 'keep' ? [KEEP] : []);
}

/** One command per project; true when all went well. */
async function changeVms(
  { operations }: CommandParts,
  verb: Verb,
  chosen: readonly ChosenVm[],
  flags: readonly string[],
): Promise<boolean> {
  const projects = new Map(chosen.map(({ project }) => [project.id, project]));
  const ends = await Promise.all(
    [...projects.values()].map((project) => {
      const vms = chosen.filter((one) => one.project.id === project.id).map(({ vm }) => vm.name);
      return operations.change(project, { verb, vms, flags });
    }),
  );
  return ends.every(({ kind }) => kind === 'completed');
}
