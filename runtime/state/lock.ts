import { setTimeout as delay } from 'node:timers/promises';
import { CastraError } from '../contract/failures.ts';
import type { RunningOperation } from '../contract/project.ts';
import { type ChangingCommand, changingCommands } from '../contract/vocabulary.ts';
import { listOf, object, text } from './decode.ts';
import { sweepTemporaries } from './files.ts';
import { takeKernelLock } from './kernelLock.ts';
import { projectFiles } from './layout.ts';
import { announceHolder, readHolder } from './lockHolder.ts';
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
  announceHolder(files.operation, { command, startedAt: new Date().toISOString(), vms } satisfies Announcement);
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

/** The command that holds the lock now; undefined when none does. */
export function readOperation(stateRoot: string): RunningOperation | undefined {
  const holder = readHolder(projectFiles(stateRoot).operation, isAnnouncement);
  if (holder === undefined) return undefined;
  const { pid, startedAt, vms } = holder;
  return { command: changingCommands.find((known) => known === holder.command) ?? 'unknown', pid, startedAt, vms };
}

interface Announcement extends Omit<RunningOperation, 'command' | 'pid'> {
  /** A newer Castra may have commands that this one does not know. */
  readonly command: string;
}

const isAnnouncement = object<Announcement>({ command: text, startedAt: text, vms: listOf(text) });

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
