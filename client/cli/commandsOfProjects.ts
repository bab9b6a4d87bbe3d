import { dirname } from 'node:path';
import * as vscode from 'vscode';
import type { Event } from '../../runtime/contract/events.ts';
import type { Verb } from '../fleet/reduce.ts';
import type { FleetStore } from '../fleet/store.ts';
import type { ProjectView } from '../fleet/view.ts';
import { cliEnvironment, type Host } from '../host.ts';
import { reportFailure } from './notify.ts';
import { type CliEnd, type RunningCommand, runCli } from './runner.ts';

export interface Operations {
  /** `up` or `down` of VMs of one project; the rows show it at once. Resolves when it has ended, however that was. */
  change(project: ProjectView, verb: Verb, vms: readonly string[], flags?: readonly string[]): Promise<CliEnd>;
  /** Any other command, for its outcome. */
  ask(project: ProjectView | undefined, args: readonly string[]): Promise<CliEnd>;
  /** Cancels what this window has running for a project. True when there was something. */
  cancel(project: string): boolean;
}

/** Runs the command line. Of two changing commands for a project its lock refuses the second. */
export function openOperations(host: Host, fleet: FleetStore): Operations {
  const running = new Map<RunningCommand, string>();
  const run = (cwd: string, args: readonly string[], onEvent: (event: Event) => void) => {
    host.log.info(`castra ${args.join(' ')}`);
    const onOther = (text: string) => host.log.info(text.trimEnd());
    return runCli({ cli: host.cli, args, cwd, env: cliEnvironment(), onEvent, onOther });
  };
  return {
    async change(project, verb, vms, flags = []) {
      const { id } = project;
      fleet.dispatch({ type: 'requested', project: id, verb, vms });
      const command = run(dirname(id), [verb, '--config', id, ...flags, ...vms], (event) => {
        host.log.debug(JSON.stringify(event));
        fleet.dispatch({ type: 'event', project: id, event });
      });
      running.set(command, id);
      const end = await command.ended;
      running.delete(command);
      const failure = end.kind === 'failed' ? end.failure : brokenFailure(end);
      fleet.dispatch({ type: 'finished', project: id, vms, ...(failure ? { failure } : {}) });
      await fleet.refresh(id);
      await reportFailure(host, project, end);
      return end;
    },
    ask: (project, args) => {
      const config = project ? ['--config', project.id] : [];
      return run(project ? dirname(project.id) : process.cwd(), [...args, ...config], () => undefined).ended;
    },
    cancel(project) {
      const commands = [...running].flatMap(([command, of]) => (of === project ? [command] : []));
      for (const command of commands) command.cancel();
      return commands.length > 0;
    },
  };
}

function brokenFailure(end: CliEnd) {
  return end.kind === 'broken' ? ({ kind: 'internal', detail: end.message } as const) : undefined;
}

/** What a command that only reads answered; undefined, and reported, when it failed. */
export async function outcomeOf<Outcome>(host: Host, asked: Promise<CliEnd>): Promise<Outcome | undefined> {
  const end = await asked;
  if (end.kind === 'completed') return end.outcome as Outcome;
  host.log.error(end.message);
  void vscode.window.showErrorMessage(end.message);
  return undefined;
}
