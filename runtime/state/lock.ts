import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { CastraError, messageOf } from '../errors.ts';
import type { RunningOperation } from '../outcomes.ts';
import { identify, isSameProcess } from '../process/identity.ts';
import { ensureStateRoot, readJsonIfAny, sweepTemporaries, writeFileAtomic } from './files.ts';
import { FILE_MODE, projectFiles } from './layout.ts';

/** Held while a command changes a project. The kernel drops it with the process, so a killed command leaves none. */
export interface ProjectLock {
  release(): void;
}

/**
 * Takes the project's lock or fails with `busy`, naming the holder. Never waits: the caller's user decides. `sweep` is
 * given the state root once the lock is held.
 */
export async function lockProject(
  stateRoot: string,
  command: string,
  vms: readonly string[],
  sweep = sweepTemporaries,
): Promise<ProjectLock> {
  const files = projectFiles(stateRoot);
  ensureStateRoot(stateRoot, files.lock);
  const free = await takeKernelLock(files.lock);
  if (free === undefined) throw await busy(stateRoot);
  sweep(stateRoot);
  announce(files.operation, { command, pid: process.pid, startedAt: new Date().toISOString(), vms });
  return {
    release() {
      rmSync(files.operation, { force: true });
      free();
    },
  };
}

/** The command that holds the lock now; undefined when none does, whatever a killed one left in the file. */
export function readOperation(stateRoot: string): RunningOperation | undefined {
  const value = readJsonIfAny(projectFiles(stateRoot).operation);
  if (!isAnnouncement(value) || !isSameProcess(value)) return undefined;
  const { command, pid, startedAt, vms } = value;
  return { command, pid, startedAt, vms };
}

interface Announcement extends RunningOperation {
  readonly startToken: string;
}

/** Only for people to read, so a full disk must not keep `down` from working. */
function announce(path: string, operation: RunningOperation): void {
  const startToken = identify(process.pid)?.startToken ?? '';
  try {
    writeFileAtomic(path, JSON.stringify({ ...operation, startToken } satisfies Announcement));
  } catch {
    rmSync(path, { force: true });
  }
}

function isAnnouncement(value: unknown): value is Announcement {
  if (typeof value !== 'object' || value === null) return false;
  const { command, pid, startedAt, vms, startToken } = value as Partial<Record<keyof Announcement, unknown>>;
  return (
    typeof command === 'string' &&
    typeof pid === 'number' &&
    typeof startedAt === 'string' &&
    typeof startToken === 'string' &&
    Array.isArray(vms) &&
    vms.every((vm) => typeof vm === 'string')
  );
}

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
    command: holder?.command ?? '…',
    ...(holder ? { pid: holder.pid, startedAt: holder.startedAt } : {}),
  });
}

/** A function that frees the lock, or undefined when somebody else holds it. */
function takeKernelLock(path: string): Promise<(() => void) | undefined> {
  try {
    if (process.platform === 'win32') return takePipe(path);
    return process.platform === 'linux' ? takeFlock(path) : Promise.resolve(takeExlock(path));
  } catch (error) {
    throw new CastraError({ kind: 'state-root-unusable', path, detail: messageOf(error) }, { cause: error });
  }
}

/** What flock(1) exits with when somebody else holds the lock. */
const FLOCK_BUSY = 1;

/**
 * Node has no flock(2), but the lock belongs to the open file, which a child shares: flock(1) takes it on our
 * descriptor and leaves it to us. It is in util-linux and busybox, so on every Linux.
 */
function takeFlock(path: string): Promise<(() => void) | undefined> {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, FILE_MODE);
  const free = () => closeSync(descriptor);
  return new Promise((done, fail) => {
    const child = spawn('flock', ['-n', '-x', '3'], { stdio: ['ignore', 'ignore', 'ignore', descriptor] });
    child.once('error', (error) => {
      free();
      const detail = `flock(1) cannot be run (${error.message}); install util-linux`;
      fail(new CastraError({ kind: 'state-root-unusable', path, detail }, { cause: error }));
    });
    child.once('exit', (code, signal) => {
      if (code === 0) return done(free);
      free();
      if (code === FLOCK_BUSY) return done(undefined);
      const detail = `flock(1) ended with ${code ?? signal}: this file system may have no locks`;
      fail(new CastraError({ kind: 'state-root-unusable', path, detail }));
    });
  });
}

/** open(2) on macOS and the BSDs locks while opening: O_EXLOCK, which Node does not name. */
function takeExlock(path: string): (() => void) | undefined {
  const O_EXLOCK = 0x20;
  try {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | O_EXLOCK;
    const descriptor = openSync(path, flags, FILE_MODE);
    return () => closeSync(descriptor);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return undefined;
    throw error;
  }
}

/** A pipe name on Windows has one server, and goes with it. */
function takePipe(path: string): Promise<(() => void) | undefined> {
  const name = createHash('sha256').update(path).digest('hex').slice(0, 32);
  const server = createServer().unref();
  return new Promise((done) => {
    server.once('error', () => done(undefined));
    server.listen(`\\\\.\\pipe\\castra-${name}`, () => done(() => server.close()));
  });
}
