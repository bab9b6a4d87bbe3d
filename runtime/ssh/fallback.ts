import type { Client, ClientChannel } from 'ssh2';
import { CastraError, messageOf } from '../contract/failures.ts';
import { connectSsh } from './connect.ts';
import { exitCodeOf } from './exit.ts';
import type { RemoteProcess } from './remoteProcess.ts';
import type { SshTarget } from './target.ts';

interface Terminal {
  readonly term: string;
  readonly cols: number;
  readonly rows: number;
}

/** Hands our standard streams over to a command or a login shell, as ssh(1) would. For hosts that have no ssh. */
export async function runFallback(
  target: SshTarget,
  command: string | undefined,
  terminal: boolean,
  signal: AbortSignal,
): Promise<number> {
  const client = await connectSsh(target, signal);
  const close = () => client.destroy();
  signal.addEventListener('abort', close, { once: true });
  try {
    return await attach(await open(client, target.vm, command, terminal ? size() : undefined), terminal);
  } finally {
    signal.removeEventListener('abort', close);
    client.destroy();
  }
}

/** A command whose output is ours to read. */
export async function startFallback(target: SshTarget, command: string, signal: AbortSignal): Promise<RemoteProcess> {
  const client = await connectSsh(target, signal);
  try {
    const { channel, exitCode } = await open(client, target.vm, command);
    channel.end();
    channel.once('close', () => client.end());
    return { stdout: channel, stderr: channel.stderr, exitCode, kill: () => client.destroy() };
  } catch (error) {
    client.end();
    throw error;
  }
}

function size(): Terminal {
  const { columns = 80, rows = 24 } = process.stdout;
  return { term: process.env.TERM ?? 'vt100', cols: columns, rows };
}

interface Opened {
  readonly channel: ClientChannel;
  readonly exitCode: Promise<number>;
}

function open(client: Client, vm: string, command?: string, pty?: Terminal): Promise<Opened> {
  return new Promise((done, fail) => {
    const refuse = (error: Error) => {
      const detail = `the guest refuses to run commands (${messageOf(error)}).`;
      fail(new CastraError({ kind: 'ssh-failed', vm, detail }, { cause: error }));
    };
    // The exit status of a quick command comes in the same packet, before a caller that awaits this continues.
    const opened = (error: Error | undefined, channel: ClientChannel) =>
      error === undefined ? done({ channel, exitCode: exitOf(channel) }) : refuse(error);
    client.once('close', () => refuse(new Error('the connection was closed')));
    if (command !== undefined) client.exec(command, pty ? { pty } : {}, opened);
    else client.shell(pty ?? false, opened);
  });
}

/** Resolves once all output is read, with 255 when the connection was lost before the command ended. */
function exitOf(channel: ClientChannel): Promise<number> {
  return new Promise((done) => {
    let exitCode = exitCodeOf(undefined, undefined);
    channel.on('exit', (code: number | null, signal?: string) => {
      exitCode = exitCodeOf(code, signal);
    });
    channel.once('close', () => done(exitCode));
  });
}

async function attach({ channel, exitCode }: Opened, terminal: boolean): Promise<number> {
  const { stdin, stdout, stderr } = process;
  const resize = () => {
    const { cols, rows } = size();
    channel.setWindow(rows, cols, 0, 0);
  };
  if (terminal) {
    stdin.setRawMode(true);
    stdout.on('resize', resize);
  }
  stdin.pipe(channel);
  channel.pipe(stdout, { end: false });
  channel.stderr.pipe(stderr, { end: false });
  // Writing to a command that has ended already is not a failure: its exit code is what counts.
  channel.on('error', () => undefined);
  // Nor is there anything left to do for a command whose output is not read (`castra ssh … | head`). It is paused
  // then, so its own end would never be seen.
  const gone = new Promise<number>((done) => stdout.once('close', () => done(exitCodeOf(undefined, 'SIGPIPE'))));
  try {
    return await Promise.race([exitCode, gone]);
  } finally {
    stdin.unpipe(channel);
    if (terminal) {
      stdin.setRawMode(false);
      stdout.off('resize', resize);
    }
    // An open standard input would keep the process alive after the command has ended.
    stdin.destroy();
  }
}
