import { type ChildProcess, spawn } from 'node:child_process';
import { CastraError, messageOf } from '../contract/failures.ts';
import { childEnvironment, findExecutable } from '../process/spawn.ts';
import { exitCodeOf } from './exit.ts';

export interface SshCall {
  readonly host: string;
  /** Path of the ssh_config that has the host. */
  readonly config: string;
  /** One line for the remote shell; undefined for a login shell. */
  readonly command?: string;
  /** Undefined leaves it to ssh: a terminal for a login shell at a terminal. */
  readonly terminal?: boolean;
}

export const findSsh = (): string | undefined => findExecutable('ssh');

/** The command line of ssh(1), without its program. A host of ours begins with a letter, so it is not an option. */
export function sshArguments({ host, config, command, terminal }: SshCall): string[] {
  const tty = terminal === undefined ? [] : [terminal ? '-t' : '-T'];
  // After the host, ssh still reads options; `--` ends them (getopt(3) in ssh.c).
  return ['-F', config, ...tty, host, ...(command === undefined ? [] : ['--', command])];
}

/** The user's own locale: ssh shows what the guest says. */
function environment(): NodeJS.ProcessEnv {
  return { ...childEnvironment(), LC_ALL: process.env.LC_ALL };
}

/**
 * Hands our standard streams over to ssh until it ends; resolves with its exit code. Signals do not end us first: Ctrl-C
 * reaches ssh by itself, and `signal` ends it.
 */
export function runSystemSsh(
  program: string,
  args: readonly string[],
  signal: AbortSignal,
  vm: string,
): Promise<number> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { env: environment(), stdio: 'inherit' });
    const release = killOnAbort(child, signal);
    child.once('error', (error) => {
      release();
      fail(new CastraError({ kind: 'ssh-failed', vm, detail: `${program}: ${messageOf(error)}` }, { cause: error }));
    });
    child.once('exit', (code, by) => {
      release();
      done(exitCodeOf(code, by));
    });
  });
}

function killOnAbort(child: ChildProcess, signal: AbortSignal): () => void {
  const kill = () => void child.kill('SIGTERM');
  if (signal.aborted) kill();
  signal.addEventListener('abort', kill, { once: true });
  return () => signal.removeEventListener('abort', kill);
}
