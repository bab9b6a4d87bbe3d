import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { CastraError, messageOf } from '../contract/failures.ts';
import { FILE_MODE } from './layout.ts';

/**
 * Takes a lock that the kernel drops with the process, so a killed command leaves none. Resolves with a function that
 * frees it, or undefined when another process holds it; the file itself stays. Fails with `state-root-unusable`.
 */
export function takeKernelLock(path: string): Promise<(() => void) | undefined> {
  try {
    if (process.platform === 'win32') return takePipe(path);
    return process.platform === 'linux' ? takeFlock(path) : Promise.resolve(takeExlock(path));
  } catch (error) {
    throw new CastraError({ kind: 'state-root-unusable', path, detail: messageOf(error) }, { cause: error });
  }
}

/** Exit code of flock(1) when another process holds the lock. */
const FLOCK_BUSY = 1;

/**
 * Node has no flock(2), but the lock belongs to the open file, which a child shares: flock(1) takes it on our
 * descriptor and leaves it to us. It is in util-linux and busybox, so on every Linux.
 */
function takeFlock(path: string): Promise<(() => void) | undefined> {
  const descriptor = openLock(path, 0);
  const free = () => closeSync(descriptor);
  return new Promise((done, fail) => {
    const child = spawn('flock', ['-n', '-x', '3'], { stdio: ['ignore', 'ignore', 'ignore', descriptor] });
    child.once('error', (error) => {
      free();
      const advice = 'code' in error && error.code === 'ENOENT' ? '; install util-linux' : '';
      const detail = `flock(1) cannot be run (${messageOf(error)})${advice}`;
      fail(new CastraError({ kind: 'state-root-unusable', path, detail }, { cause: error }));
    });
    child.once('exit', (code, signal) => {
      if (code === 0) return done(free);
      free();
      if (code === FLOCK_BUSY) return done(undefined);
      const detail = `flock(1) ended with ${code ?? signal}: this file system may not support locks`;
      fail(new CastraError({ kind: 'state-root-unusable', path, detail }));
    });
  });
}

/** open(2) on macOS and the BSDs locks while opening: O_EXLOCK, which Node does not name. */
function takeExlock(path: string): (() => void) | undefined {
  const O_EXLOCK = 0x20;
  try {
    const descriptor = openLock(path, O_EXLOCK);
    return () => closeSync(descriptor);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return undefined;
    throw error;
  }
}

/** A link is not followed, and nothing but a plain file is a lock of ours. */
function openLock(path: string, more: number): number {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | constants.O_NOFOLLOW;
  const descriptor = openSync(path, flags | more, FILE_MODE);
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw new Error('it is not a plain file');
}

/** A pipe name on Windows has one server, and goes with it. The file is there for who looks whose folder this is. */
function takePipe(path: string): Promise<(() => void) | undefined> {
  closeSync(openSync(path, 'a', FILE_MODE));
  const name = createHash('sha256').update(path).digest('hex').slice(0, 32);
  const server = createServer().unref();
  return new Promise((done) => {
    server.once('error', () => done(undefined));
    server.listen(`\\\\.\\pipe\\castra-${name}`, () => done(() => server.close()));
  });
}
