import * as vscode from 'vscode';
import type { Operations } from '../cli/commandsOfProjects.ts';
import type { Verb } from '../fleet/reduce.ts';
import type { RowState } from '../fleet/view.ts';
import { commands } from '../ids.ts';
import { type ChosenVm, chooseProject, chooseVms, sayNoneIs } from './choose.ts';
import { clean } from './clean.ts';
import { type CommandParts, RUNNING, STARTABLE, STOPPABLE } from './context.ts';

/** Without the guest: SIGTERM at once. */
const AT_ONCE = ['--graceful-wait-secs', '0'];

/** Commands that change the machine. */
export function change({ fleet, operations, host }: CommandParts) {
  const some = async (verb: Verb, states: readonly RowState[], flags: readonly string[], args: [unknown, unknown]) => {
    const chosen = await chooseVms(fleet, states, ...args, true);
    await changeVms(operations, verb, chosen ?? [], flags);
  };
  const all = async (verb: Verb, states: readonly RowState[], argument: unknown) => {
    const project = await chooseProject(fleet, argument);
    if (!project) return;
    const vms = project.vms.filter(({ state }) => states.includes(state)).map(({ name }) => name);
    if (vms.length === 0) sayNoneIs(states);
    else await operations.change(project, verb, vms);
  };
  return {
    [commands.up]: (...args: [unknown, unknown]) => some('up', STARTABLE, [], args),
    [commands.down]: (...args: [unknown, unknown]) => some('down', STOPPABLE, [], args),
    [commands.forceStop]: (...args: [unknown, unknown]) => some('down', STOPPABLE, AT_ONCE, args),
    [commands.upAll]: (argument: unknown) => all('up', STARTABLE, argument),
    [commands.downAll]: (argument: unknown) => all('down', STOPPABLE, argument),
    async [commands.restart](...args: [unknown, unknown]) {
      const chosen = await chooseVms(fleet, RUNNING, ...args, true);
      if (chosen && (await changeVms(operations, 'down', chosen, []))) await changeVms(operations, 'up', chosen, []);
    },
    async [commands.cancel](argument: unknown) {
      const project = await chooseProject(fleet, argument);
      if (!project || operations.cancel(project.id)) return;
      const other = project.operation;
      const text = other
        ? vscode.l10n.t('castra {0} was started elsewhere (pid {1}). Cancel it there.', other.command, other.pid)
        : vscode.l10n.t('No command is running.');
      void vscode.window.showInformationMessage(text);
    },
    [commands.clean]: (argument: unknown) => clean({ fleet, operations, host }, argument),
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
