import { connectionLost, type OpenChannel, openChannel, type Terminal } from './channel.ts';
import { connectSsh } from './connect.ts';
import { exitCodeOf, type RemoteEnd, remoteEnd } from './exit.ts';
import type { SshTarget } from './target.ts';

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
    const opened = await openChannel(client, target.vm, command, terminal ? size() : undefined);
    const end = await attach(opened, terminal);
    if (end.kind !== 'lost') return end.exitCode;
    // What a cancel ends has its exit code from the caller.
    if (signal.aborted) return exitCodeOf(undefined, undefined);
    throw connectionLost(target.vm);
  } finally {
    signal.removeEventListener('abort', close);
    client.destroy();
  }
}

function size(): Terminal {
  const { columns = 80, rows = 24 } = process.stdout;
  return { term: process.env.TERM ?? 'vt100', cols: columns, rows };
}

async function attach({ channel, end }: OpenChannel, terminal: boolean): Promise<RemoteEnd> {
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
  const gone = new Promise<RemoteEnd>((done) => stdout.once('close', () => done(remoteEnd(undefined, 'SIGPIPE'))));
  try {
    return await Promise.race([end, gone]);
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
