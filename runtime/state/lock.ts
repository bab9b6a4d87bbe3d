import { setTimeout as delay } from 'node:timers/promises';
import { CastraError } from '../contract/failures.ts';
import type { RunningOperation } from '../contract/project.ts';
import { type ChangingCommand, changingCommands } from '../contract/vocabulary.ts';
import { identify, isSameProcess } from '../process/identity.ts';
import { listOf, number, object, text } from './decode.ts';
import { readJsonIfAny, sweepTemporaries, writeFileAtomic } from './files.ts';
import { takeKernelLock } from './kernelLock.ts';
import { projectFiles } from './layout.ts';
import { removeOwnFile } from './ownFile.ts';
import { claimRoot, type RootPlace, requireRoot } from './stateRoot.ts';

/** Held while a command changes a project. The kernel drops it with the process, so a killed command leaves none. */
export interface ProjectLock {
  release(): void;
}

export interface LockRequest {
  readonly home: string;
  readonly place: RootPlace;
  readonly command: ChangingCommand;
  readonly vms: readonly string[];
  /** Given each folder that may have half-written files, once the lock is held. */
  readonly sweep?: (folder: string) => void;
}

/**
 * Takes the project's lock or fails with `busy`, naming the holder. Never waits: the caller's user decides. Only `up`
 * makes a state root; all others fail with `state-root-foreign` where there is none of ours.
 */
export async function lockProject(request: LockRequest): Promise<ProjectLock> {
  const { home, place, command, vms, sweep = sweepTemporaries } = request;
  const { stateRoot, configPath } = place;
  if (command === 'up' && configPath !== undefined) claimRoot(home, { stateRoot, configPath });
  else if (requireRoot(home, place).kind === 'absent') throw nothingThere(stateRoot);
  const files = projectFiles(stateRoot);
  const free = await takeKernelLock(files.lock);
  if (free === undefined) throw await busy(stateRoot);
  for (const folder of [stateRoot, files.keys]) sweep(folder);
  announce(files.operation, { command, pid: process.pid, startedAt: new Date().toISOString(), vms });
  return {
    release() {
      removeOwnFile(files.operation);
      free();
    },
  };
}

/** Between a look at it and now, the folder was removed. */
const nothingThere = (path: string): CastraError =>
  new CastraError({ kind: 'state-root-unusable', path, detail: 'it was removed while it was in use' });

/** The command that holds the lock now; undefined when none does, whatever a killed one left in the file. */
export function readOperation(stateRoot: string): RunningOperation | undefined {
  const value = readJsonIfAny(projectFiles(stateRoot).operation);
  if (!isAnnouncement(value) || !isSameProcess(value)) return undefined;
  const { pid, startedAt, vms } = value;
  return { command: changingCommands.find((known) => known === value.command) ?? 'unknown', pid, startedAt, vms };
}

interface Announcement extends Omit<RunningOperation, 'command'> {
  /** A newer Castra may have commands that this one does not know. */
  readonly command: string;
  readonly startToken: string;
}

/** Only for people to read, so a full disk must not keep `down` from working. */
function announce(path: string, operation: RunningOperation): void {
  const startToken = identify(process.pid)?.startToken ?? '';
  try {
    writeFileAtomic(path, JSON.stringify({ ...operation, startToken } satisfies Announcement));
  } catch {
    removeOwnFile(path);
  }
}

const isAnnouncement = object<Announcement>({
  command: text,
  pid: number,
  startedAt: text,
  vms: listOf(text),
  startToken: text,
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
