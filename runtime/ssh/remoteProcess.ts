import type { Readable } from 'node:stream';
import { openChannel } from './channel.ts';
import { connectSsh } from './connect.ts';
import type { RemoteEnd } from './exit.ts';
import type { SshTarget } from './target.ts';

/** A command that runs in a VM, and whose output is ours to read. */
export interface RemoteProcess {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves once the command has ended and its output is read. */
  readonly end: Promise<RemoteEnd>;
  /** Asks the server to end the command, and ends the connection. */
  kill(): void;
}

export interface RemoteCommand {
  /** One line for the remote shell. */
  readonly line: string;
  /** What it reads from standard input; nothing by default. */
  readonly input?: string | Uint8Array;
}

/**
 * Over the ssh2 package, on every host: ssh(1) exits with 255 for a command that a signal ended, as it does when it
 * cannot connect, and takes longer to start. Fails with what connectSsh fails with.
 */
export async function startRemote(
  target: SshTarget,
  { line, input }: RemoteCommand,
  signal: AbortSignal,
): Promise<RemoteProcess> {
  const client = await connectSsh(target, signal);
  try {
    const { channel, end } = await openChannel(client, target.vm, line);
    // A command may end without reading its input: its exit code is what counts.
    channel.on('error', () => undefined);
    channel.end(input);
    channel.once('close', () => client.end());
    const kill = () => {
      // Servers do not end a command by themselves when its connection is gone.
      if (channel.writable || channel.readable) channel.signal('TERM');
      client.destroy();
    };
    return { stdout: channel, stderr: channel.stderr, end, kill };
  } catch (error) {
    client.destroy();
    throw error;
  }
}
