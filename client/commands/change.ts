import * as vscode from 'vscode';
import type { Operations } from '../cli/commandsOfProjects.ts';
import type { Verb } from '../fleet/reduce.ts';
import { type ChosenVm, chooseProject, chooseVms, sayNoneIs } from './choose.ts';
import { clean } from './clean.ts';
import type { CommandParts, Handler } from './context.ts';
import { type Change, changes, type OtherName, RUNNING } from './table.ts';

/** Commands that change the machine and are more than one verb. */
export function change({ fleet, operations, host }: CommandParts) {
  return {
    async restart(argument: unknown, more: unknown) {
      const chosen = await chooseVms(fleet, RUNNING, argument, more, true);
      if (chosen && (await changeVms(operations, 'down', chosen, []))) await changeVms(operations, 'up', chosen, []);
    },
    async cancel(argument: unknown) {
      const project = await chooseProject(fleet, argument);
      if (!project || operations.cancel(project.id)) return;
      const other = project.operation;
      const text = other
        ? vscode.l10n.t('castra {0} was started elsewhere (pid {1}). Cancel it there.', other.command, other.pid)
        : vscode.l10n.t('No command is running.');
      void vscode.window.showInformationMessage(text);
    },
    clean: (argument: unknown) => clean({ fleet, operations, host }, argument),
  } satisfies Partial<Record<OtherName, Handler>>;
}

/** Commands that the table describes completely. */
export function changesOfTable(parts: CommandParts): Readonly<Record<string, Handler>> {
  const handlers = Object.entries(changes).map(([name, { runs }]) => [name, handlerOf(parts, runs)] as const);
  return Object.fromEntries(handlers);
}

function handlerOf({ fleet, operations }: CommandParts, { verb, vms, states, flags = [] }: Change): Handler {
  if (vms === 'chosen') {
    return async (argument, more) => {
      const chosen = await chooseVms(fleet, states, argument, more, true);
      await changeVms(operations, verb, chosen ?? [], flags);
    };
  }
  return async (argument) => {
    const project = await chooseProject(fleet, argument);
    if (!project) return;
    const names = project.vms.filter(({ state }) => states.includes(state)).map(({ name }) => name);
    if (names.length === 0) sayNoneIs(states);
    else await operations.change(project, verb, names, flags);
  };
}

/** One command per project; true when all went well. */
async function changeVms(
  operations: Operations,
  verb: Verb,
  chosen: readonly ChosenVm[],
  flags: readonly string[],
): Promise<boolean> {
  const projects = new Map(chosen.map(({ project }) => [project.id, project]));
  const ends = await Promise.all(
    [...projects.values()].map((project) => {
      const vms = chosen.filter((one) => one.project.id === project.id).map(({ vm }) => vm.name);
      return operations.change(project, verb, vms, flags);
    }),
  );
  return ends.every(({ kind }) => kind === 'completed');
}
