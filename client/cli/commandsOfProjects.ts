import { dirname } from 'node:path';
import * as vscode from 'vscode';
import type { Event } from '../../runtime/contract/events.ts';
import type { CancelOutcome, RunningOperation } from '../../runtime/contract/project.ts';
import type { Verb } from '../fleet/state.ts';
import type { FleetStore } from '../fleet/store.ts';
import type { ProjectView } from '../fleet/view.ts';
import { cliEnvironment, type Host } from '../host.ts';
import { reportFailure } from './notify.ts';
import { type CliEnd, type RunningCommand, runCli } from './runner.ts';
import { type Turn, takeTurns } from './turns.ts';

/** What a click asks for. */
export interface Wanted {
  readonly verb: Verb;
  /** Whose rows show it. */
  readonly vms: readonly string[];
  /** All that castra.toml declares when its turn comes, and not those rows by name. */
  readonly all?: boolean;
  readonly flags?: readonly string[];
}

export interface Operations {
  /** The rows show it at once. Resolves when it has ended, however that was. */
  change(project: ProjectView, wanted: Wanted): Promise<CliEnd>;
  /** Any other command, for its outcome. */
  ask(project: ProjectView | undefined, args: readonly string[]): Promise<CliEnd>;
  /** Cancels what is being done to these VMs, by this window or elsewhere; without VMs, whatever is being done. */
  cancel(project: ProjectView, vms?: readonly string[]): Promise<'cancelled' | 'nothing'>;
}

interface Request extends Wanted {
  readonly id: number;
  readonly project: string;
  readonly turn: Turn;
  command?: RunningCommand;
}

const CANCELLED: CliEnd = { kind: 'failed', failure: { kind: 'cancelled' }, message: 'Cancelled.' };

/** Runs the command line, for one VM one command after the other. Of other windows and terminals its lock knows. */
export function openOperations(host: Host, fleet: FleetStore): Operations {
  const turns = takeTurns();
  const requests = new Set<Request>();
  let count = 0;
  const run = (cwd: string, args: readonly string[], onEvent: (event: Event) => void) => {
    host.log.info(`castra ${args.join(' ')}`);
    const onOther = (text: string) => host.log.info(text.trimEnd());
    return runCli({ cli: host.cli, args, cwd, env: cliEnvironment(), onEvent, onOther });
  };
  const runTurn = async (request: Request): Promise<CliEnd> => {
    const { id, project, turn, verb, vms, all = false, flags = [] } = request;
    if (turn.waitsFor.length > 0) fleet.dispatch({ type: 'queued', project, request: id, waitsFor: turn.waitsFor });
    if (!(await turn.come)) return CANCELLED;
    const names = all ? [] : vms;
    request.command = run(dirname(project), [verb, '--config', project, '--wait-lock', ...flags, ...names], (event) => {
      host.log.debug(JSON.stringify(event));
      fleet.dispatch({ type: 'event', project, request: id, event, at: performance.now() });
    });
    return request.command.ended;
  };
  const ask = (project: ProjectView | undefined, args: readonly string[]) => {
    const config = project ? ['--config', project.id] : [];
    return run(project ? dirname(project.id) : process.cwd(), [...args, ...config], () => undefined).ended;
  };
  const change = async (project: ProjectView, wanted: Wanted): Promise<CliEnd> => {
    count += 1;
    const { verb, vms } = wanted;
    const request: Request = { ...wanted, id: count, project: project.id, turn: turns.enter(project.id, vms) };
    const about = { project: project.id, request: count };
    requests.add(request);
    fleet.dispatch({ type: 'requested', ...about, verb, vms });
    const end = await runTurn(request);
    requests.delete(request);
    request.turn.end();
    const failure = end.kind === 'failed' ? end.failure : brokenFailure(end);
    fleet.dispatch({ type: 'finished', ...about, vms, at: performance.now(), ...(failure ? { failure } : {}) });
    await fleet.refresh(project.id);
    const again = (flags: readonly string[]) => void change(project, { ...wanted, flags });
    void reportFailure(host, project, end, again);
    return end;
  };
  return {
    change,
    ask,
    async cancel(project, vms) {
      const isMeant = (one: Request) =>
        one.project === project.id && (vms === undefined || one.vms.some((vm) => vms.includes(vm)));
      const own = [...requests].filter(isMeant);
      for (const { id, turn, command } of own) {
        fleet.dispatch({ type: 'cancelling', project: project.id, request: id });
        if (command) command.cancel();
        else turn.end();
      }
      if (own.length > 0) return 'cancelled';
      const isOther = (one: RunningOperation) => vms === undefined || one.vms.some((vm) => vms.includes(vm));
      if (!project.operations.some(isOther)) return 'nothing';
      const outcome = await outcomeOf<CancelOutcome>(host, ask(project, ['cancel', ...(vms ?? [])]));
      await fleet.refresh(project.id);
      return outcome && outcome.operations.length > 0 ? 'cancelled' : 'nothing';
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
