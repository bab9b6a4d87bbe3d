import type { Client, ClientChannel } from 'ssh2';
import { CastraError, messageOf } from '../contract/failures.ts';
import { type RemoteEnd, remoteEnd } from './exit.ts';

export interface Terminal {
  readonly term: string;
  readonly cols: number;
  readonly rows: number;
}

/** A command or a shell in a guest, over the ssh2 package. */
export interface OpenChannel {
  readonly channel: ClientChannel;
  /** Resolves once all output is read. */
  readonly end: Promise<RemoteEnd>;
  /** Resolves with its exit, whatever still holds its output open. */
  readonly exit: Promise<RemoteEnd>;
}

/** Starts a command, or without one a login shell. Fails with `ssh-failed`. */
export function openChannel(client: Client, vm: string, command?: string, pty?: Terminal): Promise<OpenChannel> {
  return new Promise((done, fail) => {
    const refuse = (error: Error) => {
      const detail = `the guest refuses to run commands (${messageOf(error)}).`;
      fail(new CastraError({ kind: 'ssh-failed', vm, detail }, { cause: error }));
    };
    // The exit status of a quick command comes in the same packet, before a caller that awaits this continues.
    const opened = (error: Error | undefined, channel: ClientChannel) =>
      error === undefined ? done({ channel, ...endsOf(channel) }) : refuse(error);
    client.once('close', () => refuse(new Error('the connection was closed')));
    if (command !== undefined) client.exec(command, pty ? { pty } : {}, opened);
    else client.shell(pty ?? false, opened);
  });
}

function endsOf(channel: ClientChannel): Pick<OpenChannel, 'end' | 'exit'> {
  let end: RemoteEnd = { kind: 'lost' };
  const exit = new Promise<RemoteEnd>((done) => {
    channel.on('exit', (code: number | null, signal?: string) => {
      end = remoteEnd(code, signal);
      done(end);
    });
    channel.once('close', () => done(end));
  });
  return { exit, end: new Promise((done) => channel.once('close', () => done(end))) };
}

/** What a command fails with whose connection was lost. */
export function connectionLost(vm: string): CastraError {
  const detail =
    'the connection ended before the command did. `castra status` and `castra logs` show what became of the VM.';
  return new CastraError({ kind: 'ssh-failed', vm, detail });
}
