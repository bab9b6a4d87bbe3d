import { CastraError } from '../contract/failures.ts';
import type { RunningOperation } from '../contract/project.ts';
import type { ChangingCommand, Phase } from '../contract/vocabulary.ts';
import { pause } from '../process/pause.ts';
import { sweepTemporaries } from './files.ts';
import { projectFiles } from './layout.ts';
import { announce, readOperations } from './operation/announce.ts';
import { claimRoot, type RootPlace, requireRoot } from './stateRoot.ts';
import { waitBrieflyForLock } from './waitForLock.ts';

/** Held while a command changes VMs of a project. It counts for as long as its process lives. */
export interface ProjectLock {
  /** How far the start of a VM is, for who looks from elsewhere; undefined once that has an end. */
  note(vm: string, phase: Phase | undefined): void;
  release(): void;
}

export interface LockRequest {
  readonly home: string;
  readonly place: RootPlace;
  readonly command: ChangingCommand;
  /** None: the whole project. */
  readonly vms: readonly string[];
  /** Given each folder that may have half-written files, once the lock is held and no other command is at work. */
  readonly sweep?: (folder: string) => void;
  /** That the command is asked to stop is told to others. */
  readonly signal?: AbortSignal;
  /** Wait until it is free, and be told who has it; without, the request fails with `busy`. Ends with `signal`. */
  readonly onTaken?: (holder: RunningOperation | undefined) => void;
}

/**
 * Takes VMs of a project, or all of it, or fails with `busy`, naming the holder; whether it waits, the caller's user
 * decides. Commands for different VMs have theirs at the same time. Only `up` makes a state root; all others fail with
 * `state-root-foreign` where there is none of ours.
 */
export async function lockProject(request: LockRequest): Promise<ProjectLock> {
  const { home, place, command } = request;
  const { stateRoot, configPath } = place;
  if (command === 'up' && configPath !== undefined) claimRoot(home, { stateRoot, configPath });
  else if (requireRoot(home, place).kind === 'absent') throw nothingThere(stateRoot);
  const { signal = new AbortController().signal, onTaken } = request;
  for (;;) {
    const tried = await tryToLock(request, signal);
    if ('lock' in tried) return tried.lock;
    if (signal.aborted) throw new CastraError({ kind: 'cancelled' });
    if (onTaken === undefined) throw busy(tried.holder);
    onTaken(tried.holder);
    await pause(TRY_EVERY_MS, signal);
  }
}

/** A try costs one flock(1); a click that waits for its turn should not wait much longer. */
const TRY_EVERY_MS = 150;

/** Taking one's VMs takes milliseconds. Held for longer it is by a command that could not write what it is about. */
const BRIEF_MS = 3000;

type Tried = { readonly lock: ProjectLock } | { readonly holder: RunningOperation | undefined };

async function tryToLock(request: LockRequest, signal: AbortSignal): Promise<Tried> {
  const { place, command, vms, sweep = sweepTemporaries } = request;
  const { stateRoot } = place;
  const files = projectFiles(stateRoot);
  const free = await waitBrieflyForLock(files.lock, { timeoutMs: BRIEF_MS, signal });
  if (free === undefined) return { holder: readOperations(stateRoot)[0] };
  const others = readOperations(stateRoot);
  const holder = others.find((other) => overlap(other.vms, vms));
  if (holder) {
    free();
    return { holder };
  }
  if (others.length === 0) for (const folder of [stateRoot, files.keys]) sweep(folder);
  const told = announce(stateRoot, command, vms);
  // Where it cannot be read which VMs are taken, all of them are.
  if (told.isWritten) free();
  signal.addEventListener('abort', told.cancelling, { once: true });
  const release = () => {
    signal.removeEventListener('abort', told.cancelling);
    told.end();
    if (!told.isWritten) free();
  };
  return { lock: { note: told.note, release } };
}

function overlap(some: readonly string[], others: readonly string[]): boolean {
  return some.length === 0 || others.length === 0 || some.some((vm) => others.includes(vm));
}

/** Between a look at it and now, the folder was removed. */
const nothingThere = (path: string): CastraError =>
  new CastraError({ kind: 'state-root-unusable', path, detail: 'it was removed while it was in use' });

function busy(holder: RunningOperation | undefined): CastraError {
  return new CastraError({
    kind: 'busy',
    command: holder?.command ?? 'unknown',
    ...(holder ? { pid: holder.pid, startedAt: holder.startedAt } : {}),
  });
}
