import type { CancelOptions, CancelOutcome, RunningOperation } from '../contract/project.ts';
import { commandLine } from '../process/identity.ts';
import { pause } from '../process/pause.ts';
import { readOperations } from '../state/operation/announce.ts';
import { openState } from './project/openProject.ts';
import { type NamedVm, projectVms, vmsCalled } from './project/vms.ts';
import { type Operation, type Run, tell } from './run.ts';

/** What was begun is taken back: a guest is given a few seconds, an image is put down in a moment. */
const END_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 100;

/** Asks the commands that change the project, wherever they were started, to stop in order, and waits until they have. */
export const cancel: Operation<CancelOptions, CancelOutcome> = async (options, run) => {
  const { place, root, project, diagnostics } = openState(options);
  tell(diagnostics, run);
  const { stateRoot } = place;
  const all = root.kind === 'absent' ? [] : readOperations(stateRoot);
  const known = projectVms(stateRoot, project?.vms ?? []);
  const names = options.vms?.length ? vmsCalled(withStarting(known, all), options.vms).map(({ name }) => name) : [];
  const meant = all.filter(isMeant(names));
  const operations = meant.filter(({ pid }) => isCommandLine(pid));
  for (const operation of meant) if (!operations.includes(operation)) tellProgram(operation, run);
  // A second signal would end it at once, in the middle of what it takes back.
  for (const operation of operations) if (!operation.cancelling) ask(operation);
  const ended = await Promise.all(operations.map((operation) => hasEnded(operation, stateRoot, run)));
  const isOver = operations.length === meant.length && !ended.includes(false);
  return { value: { operations, ended: isOver }, diagnostics };
};

/** A VM that was not launched yet may be in castra.toml no more. */
function withStarting(known: readonly NamedVm[], operations: readonly RunningOperation[]): NamedVm[] {
  const others = operations.flatMap(({ vms }) => vms).filter((vm) => !known.some(({ name }) => name === vm));
  return [...known, ...others.map((name) => ({ name, role: name }))];
}

/** A command without names is for the whole project. */
const isMeant =
  (names: readonly string[]) =>
  ({ vms }: RunningOperation): boolean =>
    names.length === 0 || vms.length === 0 || vms.some((vm) => names.includes(vm));

/** The command line's own process: a program that embeds the runtime would be ended by a signal, with all that it does. */
function isCommandLine(pid: number): boolean {
  const [, ...words] = commandLine(pid) ?? [];
  const script = words.find((word) => !word.startsWith('-')) ?? '';
  return /(?:^|[/\\])(?:castra|cli\.js)$/.test(script);
}

function tellProgram({ command, pid }: RunningOperation, { report }: Run): void {
  const text = `A program (pid ${pid}) that embeds Castra is at work on \`${command}\`: only it can cancel that.`;
  report({ type: 'message', severity: 'warning', text });
}

/** readOperations proved that the pid is still that of the command. */
function ask({ pid }: RunningOperation): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It ended since.
  }
}

async function hasEnded({ pid, startedAt }: RunningOperation, stateRoot: string, { signal }: Run): Promise<boolean> {
  const deadline = performance.now() + END_WITHIN_MS;
  for (;;) {
    const isThere = readOperations(stateRoot).some((now) => now.pid === pid && now.startedAt === startedAt);
    if (!isThere) return true;
    if (signal.aborted || performance.now() > deadline) return false;
    await pause(LOOK_EVERY_MS, signal);
  }
}
