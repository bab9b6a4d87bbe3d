import { setTimeout as delay } from 'node:timers/promises';
import { CastraError } from '../contract/failures.ts';
import type { RunningOperation } from '../contract/project.ts';
import { type ChangingCommand, changingCommands, type Phase, phases } from '../contract/vocabulary.ts';
import { identify, isSameProcess } from '../process/identity.ts';
import { listOf, number, object, optional, text } from './decode.ts';
import { readJsonIfAny, sweepTemporaries, writeFileAtomic } from './files.ts';
import { takeKernelLock } from './kernelLock.ts';
import { projectFiles } from './layout.ts';
import { removeOwnFile } from './ownFile.ts';
import { claimRoot, type RootPlace, requireRoot } from './stateRoot.ts';
import { waitForKernelLock } from './waitForLock.ts';

/** Held while a command changes a project. The kernel drops it with the process, so a killed command leaves none. */
export interface ProjectLock {
  /** How far the start of a VM is, for who looks from elsewhere; undefined once that has an end. */
  note(vm: string, phase: Phase | undefined): void;
  release(): void;
}

export interface LockRequest {
  readonly home: string;
  readonly place: RootPlace;
  readonly command: ChangingCommand;
  readonly vms: readonly string[];
  /** Given each folder that may have half-written files, once the lock is held. */
  readonly sweep?: (folder: string) => void;
  /** That the command is asked to stop is told to others. */
  readonly signal?: AbortSignal;
  /** Wait until it is free, and be told who has it; without, the request fails with `busy`. Ends with `signal`. */
  readonly onTaken?: (holder: RunningOperation | undefined) => void;
}

/**
 * Takes the project's lock or fails with `busy`, naming the holder; whether it waits, the caller's user decides. Only
 * `up` makes a state root; all others fail with `state-root-foreign` where there is none of ours.
 */
export async function lockProject(request: LockRequest): Promise<ProjectLock> {
  const { home, place, command, vms, signal, sweep = sweepTemporaries } = request;
  const { stateRoot, configPath } = place;
  if (command === 'up' && configPath !== undefined) claimRoot(home, { stateRoot, configPath });
  else if (requireRoot(home, place).kind === 'absent') throw nothingThere(stateRoot);
  const files = projectFiles(stateRoot);
  const free = await take(request, files.lock);
  for (const folder of [stateRoot, files.keys]) sweep(folder);
  const told = announcement(files.operation, {
    command,
    pid: process.pid,
    startedAt: new Date().toISOString(),
    vms,
  });
  signal?.addEventListener('abort', told.cancelling, { once: true });
  return {
    note: told.note,
    release() {
      signal?.removeEventListener('abort', told.cancelling);
      removeOwnFile(files.operation);
      free();
    },
  };
}

/** A try costs one flock(1); a click that waits for its turn should not wait much longer. */
const TRY_EVERY_MS = 150;

async function take({ place, signal, onTaken }: LockRequest, path: string): Promise<() => void> {
  if (onTaken) {
    return await waitForKernelLock(path, {
      signal: signal ?? new AbortController().signal,
      everyMs: TRY_EVERY_MS,
      onTaken: () => onTaken(readOperation(place.stateRoot)),
    });
  }
  const free = await takeKernelLock(path);
  if (free === undefined) throw await busy(place.stateRoot);
  return free;
}

/** Between a look at it and now, the folder was removed. */
const nothingThere = (path: string): CastraError =>
  new CastraError({ kind: 'state-root-unusable', path, detail: 'it was removed while it was in use' });

/** The command that holds the lock now; undefined when none does, whatever a killed one left in the file. */
export function readOperation(stateRoot: string): RunningOperation | undefined {
  const value = readJsonIfAny(projectFiles(stateRoot).operation);
  if (!isAnnouncement(value) || !isSameProcess(value)) return undefined;
  const { pid, startedAt, vms, cancelling } = value;
  const command = changingCommands.find((known) => known === value.command) ?? 'unknown';
  return { command, pid, startedAt, vms, ...stepsIn(value.steps), ...(cancelling ? { cancelling } : {}) };
}

interface Announcement extends Omit<RunningOperation, 'command' | 'steps'> {
  /** A newer Castra may have commands that this one does not know. */
  readonly command: string;
  readonly startToken: string;
  readonly steps?: unknown;
}

/** Those that this Castra knows. */
function stepsIn(value: unknown): Pick<RunningOperation, 'steps'> {
  if (typeof value !== 'object' || value === null) return {};
  const known = Object.entries(value).filter((entry): entry is [string, Phase] => phases.includes(entry[1] as Phase));
  return known.length === 0 ? {} : { steps: Object.fromEntries(known) };
}

/** Only for people to read, so a full disk must not keep `down` from working. */
function announcement(path: string, operation: RunningOperation) {
  const startToken = identify(process.pid)?.startToken ?? '';
  const steps = new Map<string, Phase>();
  let isCancelling = false;
  const write = () => {
    const more = { steps: Object.fromEntries(steps), ...(isCancelling ? { cancelling: true as const } : {}) };
    try {
      writeFileAtomic(path, JSON.stringify({ ...operation, startToken, ...more } satisfies Announcement));
    } catch {
      removeOwnFile(path);
    }
  };
  write();
  return {
    note(vm: string, phase: Phase | undefined) {
      if (phase === undefined ? !steps.delete(vm) : steps.get(vm) === phase) return;
      if (phase !== undefined) steps.set(vm, phase);
      write();
    },
    cancelling() {
      isCancelling = true;
      write();
    },
  };
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

/** Between taking the lock and saying who took it, the holder needs some milliseconds. */
const ANNOUNCE_WAITS_MS = [10, 40, 150];

async function busy(stateRoot: string): Promise<CastraError> {
  let holder = readOperation(stateRoot);
  for (const waitMs of ANNOUNCE_WAITS_MS) {
    if (holder) break;
    await delay(waitMs);
    holder = readOperation(stateRoot);
  }
  return new CastraError({
    kind: 'busy',
    command: holder?.command ?? 'unknown',
    ...(holder ? { pid: holder.pid, startedAt: holder.startedAt } : {}),
  });
}
