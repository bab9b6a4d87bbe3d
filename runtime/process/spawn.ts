import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import type { Stream } from 'node:stream';
import { isMainThread } from 'node:worker_threads';

export interface RunResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** SIGKILL after this long: for probes whose child may hang in the kernel. */
  readonly timeoutMs?: number;
}

/** What a child may inherit: nothing that would turn it into an Electron helper or change how its Node behaves. */
export function childEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => name !== 'ELECTRON_RUN_AS_NODE' && name !== 'NODE_OPTIONS' && !name.startsWith('VSCODE_'),
  );
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}

/** Runs a short-lived program to its end. Rejects only when it cannot be started or `signal` aborts it. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, {
      env: childEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: 'SIGKILL' }),
    });
    let stdout = '';
    let stderr = '';
    // First: without a file descriptor to spare, it has no streams.
    child.once('error', fail);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('close', (code, signal) => done({ code, signal, stdout, stderr }));
  });
}

export interface Detached {
  /** A file descriptor for both its streams. */
  readonly output: number;
  /** For a program that must hold something open as long as it lives. */
  readonly input?: Stream | 'ignore' | undefined;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Starts a program that outlives us: its own session (no Ctrl-C from our terminal), no pipes to us. What it creates,
 * such as sockets, is for its owner only.
 * Resolves once the kernel has started it.
 */
export function startDetached(
  program: string,
  args: readonly string[],
  { output, input = 'ignore', env = {} }: Detached,
): Promise<ChildProcess> {
  return new Promise((done, fail) => {
    const child = withPrivateUmask(() =>
      spawn(program, args, {
        env: { ...childEnvironment(), ...env },
        cwd: '/',
        detached: true,
        stdio: [input, output, output],
      }),
    );
    child.once('error', fail);
    child.once('spawn', () => {
      child.unref();
      done(child);
    });
  });
}

/** A child inherits the mask of the moment it is started; a worker thread may not change it (Node's process.umask). */
function withPrivateUmask<Result>(start: () => Result): Result {
  if (!isMainThread) return start();
  const before = process.umask(0o077);
  try {
    return start();
  } finally {
    process.umask(before);
  }
}

/**
 * Looks a program up on PATH. Relative PATH entries are passed over: a project's folder must not decide what we run.
 * A name with a slash is a path and is taken as such.
 */
export function findExecutable(name: string, path = process.env.PATH ?? ''): string | undefined {
  if (name.includes('/') || isAbsolute(name)) return isExecutable(resolve(name)) ? resolve(name) : undefined;
  const names = process.platform === 'win32' ? [name, `${name}.exe`] : [name];
  for (const folder of path.split(delimiter).filter(isAbsolute)) {
    for (const candidate of names) {
      if (isExecutable(join(folder, candidate))) return join(folder, candidate);
    }
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
