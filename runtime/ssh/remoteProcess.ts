import type { Readable } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
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
      askToEnd(client, channel);
      client.destroy();
    };
    return { stdout: channel, stderr: channel.stderr, end, kill };
  } catch (error) {
    client.destroy();
    throw error;
  }
}

/** Parts of ssh2 that its types do not have. */
interface Insides {
  readonly _protocol?: { signal(channel: number, name: string): void };
  readonly outgoing?: { readonly id: number; readonly state: string };
}

/**
 * Servers do not end a command by themselves when its connection is gone. ssh2's own `signal()` does nothing once the
 * input has ended, which RFC 4254 does not ask for; the bundled version is known to have what is used here instead.
 */
function askToEnd(client: Client, channel: ClientChannel): void {
  const { _protocol: protocol } = client as Insides;
  const { outgoing } = channel as Insides;
  if (outgoing === undefined || outgoing.state === 'closed') return;
  try {
    protocol?.signal(outgoing.id, 'TERM');
  } catch {
    // The connection is gone already.
  }
}
