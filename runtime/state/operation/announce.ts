import type { RunningOperation } from '../../contract/project.ts';
import { type ChangingCommand, changingCommands, type Phase, phases } from '../../contract/vocabulary.ts';
import { identify, isSameProcess } from '../../process/identity.ts';
import { listOf, number, object, optional, text } from '../decode.ts';
import { listNames, readJsonIfAny, writeFileAtomic } from '../files.ts';
import { operationFile } from '../layout.ts';
import { removeOwnFile } from '../ownFile.ts';

/** The commands that change a project now, the oldest first; what a killed one left does not count. */
export function readOperations(stateRoot: string): RunningOperation[] {
  return operationNumbers(stateRoot)
    .flatMap((number) => readAt(operationFile(stateRoot, number)) ?? [])
    .sort((a, b) => a.startedAt.localeCompare(b.startedAt));
}

/** The one that is about a VM; of two commands that are at work at once, none is about a VM of the other. */
export function operationOn(operations: readonly RunningOperation[], vm: string): RunningOperation | undefined {
  return operations.find(({ vms }) => vms.includes(vm));
}

function operationNumbers(stateRoot: string): number[] {
  return listNames(stateRoot).flatMap((name) => {
    const match = /^operation(?:\.(\d{1,4}))?\.json$/.exec(name);
    return match ? [Number(match[1] ?? 1)] : [];
  });
}

function readAt(path: string): RunningOperation | undefined {
  const value = readJsonIfAny(path);
  if (!isAnnouncement(value) || !isSameProcess(value)) return undefined;
  const { pid, startedAt, vms, cancelling } = value;
  const command = changingCommands.find((known) => known === value.command) ?? 'unknown';
  return { command, pid, startedAt, vms, ...stepsIn(value.steps), ...(cancelling ? { cancelling } : {}) };
}

/** Those that this Castra knows. */
function stepsIn(value: unknown): Pick<RunningOperation, 'steps'> {
  if (typeof value !== 'object' || value === null) return {};
  const known = Object.entries(value).filter((entry): entry is [string, Phase] => phases.includes(entry[1] as Phase));
  return known.length === 0 ? {} : { steps: Object.fromEntries(known) };
}

interface Announcement extends Omit<RunningOperation, 'command' | 'steps'> {
  /** A newer Castra may have commands that this one does not know. */
  readonly command: string;
  readonly startToken: string;
  readonly steps?: unknown;
}

const isTrue = (value: unknown): value is true => value === true;

const isAnnouncement = object<Announcement>({
  command: text,
  pid: number,
  startedAt: text,
  vms: listOf(text),
  startToken: text,
  cancelling: optional(isTrue),
  steps: (_value): _value is unknown => true,
});

/** What others can read of a command of this process, until it is over. */
export interface Announced {
  /** Whether it could be written: a full disk must not keep `down` from working. */
  readonly isWritten: boolean;
  note(vm: string, phase: Phase | undefined): void;
  cancelling(): void;
  end(): void;
}

/** The caller holds the lock: of two commands that announce themselves, none takes the place of the other. */
export function announce(stateRoot: string, command: ChangingCommand, vms: readonly string[]): Announced {
  const path = freePlace(stateRoot);
  const startToken = identify(process.pid)?.startToken ?? '';
  const operation = { command, pid: process.pid, startedAt: new Date().toISOString(), vms, startToken };
  const steps = new Map<string, Phase>();
  let isCancelling = false;
  const write = (): boolean => {
    const more = { steps: Object.fromEntries(steps), ...(isCancelling ? { cancelling: true as const } : {}) };
    try {
      writeFileAtomic(path, JSON.stringify({ ...operation, ...more } satisfies Announcement));
      return true;
    } catch {
      return false;
    }
  };
  const isWritten = write();
  if (!isWritten) removeOwnFile(path);
  return {
    isWritten,
    note(vm, phase) {
      if (phase === undefined ? !steps.delete(vm) : steps.get(vm) === phase) return;
      if (phase !== undefined) steps.set(vm, phase);
      write();
    },
    cancelling() {
      isCancelling = true;
      write();
    },
    end: () => removeOwnFile(path),
  };
}

/** Of a command that is over, or the first that was never used. */
function freePlace(stateRoot: string): string {
  for (let number = 1; ; number++) {
    const path = operationFile(stateRoot, number);
    if (readAt(path) === undefined) return path;
  }
}
