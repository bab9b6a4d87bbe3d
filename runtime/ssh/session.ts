import type { Client, ClientChannel } from 'ssh2';
import { type OpenChannel, openChannel } from './channel.ts';
import { connectSsh } from './connect.ts';
import type { RemoteEnd } from './exit.ts';
import { readLines } from './lines.ts';
import type { SshTarget } from './target.ts';

/** One login, for several commands one after the other. */
export interface SshSession {
  /** The connection is gone. */
  readonly isClosed: boolean;
  start(command: SessionCommand): Promise<SessionProcess>;
  close(): void;
}

export interface SessionCommand {
  readonly line: string;
  /** What it reads from standard input; what is iterated is sent as fast as the guest takes it. */
  readonly input: string | AsyncIterable<Uint8Array>;
  /** Whole lines, or the last piece; awaited before more is read. */
  readonly take: (stream: 'stdout' | 'stderr', text: string) => Promise<void>;
}

export interface SessionProcess {
  /** Resolves once the command has ended and its output is read. Rejects with what the input failed with. */
  readonly end: Promise<RemoteEnd>;
  /** Stops reading and writing; the command itself may run on. */
  abandon(): void;
}

/** Channels of one client; each adds a listener to it. */
const MAX_CHANNELS = 10_000;

/** Fails as connectSsh does. */
export async function openSession(target: SshTarget, signal: AbortSignal, timeoutMs?: number): Promise<SshSession> {
  const client = await connectSsh(target, signal, timeoutMs);
  client.setMaxListeners(MAX_CHANNELS);
  let isClosed = false;
  client.once('close', () => {
    isClosed = true;
  });
  return {
    get isClosed() {
      return isClosed;
    },
    start: (command) => start(client, target.vm, command),
    close: () => client.destroy(),
  };
}

async function start(client: Client, vm: string, { line, input, take }: SessionCommand): Promise<SessionProcess> {
  const opened = await openChannel(client, vm, line);
  const { channel } = opened;
  // A command may end without reading its input: its exit code is what counts.
  channel.on('error', () => undefined);
  const reading = watchEnd(opened, take);
  const failed = new Promise<never>((_, fail) => {
    feed(channel, input).catch((error: unknown) => {
      channel.destroy();
      fail(error);
    });
  });
  return { end: Promise.race([reading, failed]), abandon: () => finishReading(channel) };
}

async function feed(channel: ClientChannel, input: SessionCommand['input']): Promise<void> {
  if (typeof input === 'string') {
    channel.end(input);
    return;
  }
  for await (const piece of input) {
    if (channel.destroyed || channel.writableEnded) return;
    if (!channel.write(piece)) await untilRoom(channel);
  }
  channel.end();
}

function untilRoom(channel: ClientChannel): Promise<void> {
  return new Promise((done) => {
    const release = () => {
      for (const event of ['drain', 'close', 'exit']) channel.off(event, release);
      done();
    };
    for (const event of ['drain', 'close', 'exit']) channel.on(event, release);
  });
}

/** After its exit, a command's output ends when it is silent for so long: what it left running may hold it open. */
const SILENCE_MS = 1000;
const LOOK_EVERY_MS = 100;

async function watchEnd({ channel, exit }: OpenChannel, take: SessionCommand['take']): Promise<RemoteEnd> {
  let taking = 0;
  let lastAt = performance.now();
  const counted = (stream: 'stdout' | 'stderr') => async (text: string) => {
    taking++;
    await take(stream, text);
    taking--;
    lastAt = performance.now();
  };
  const isQuiet = () => taking === 0 && channel.readableLength === 0 && performance.now() - lastAt > SILENCE_MS;
  let timer: NodeJS.Timeout | undefined;
  void exit.then(() => {
    lastAt = performance.now();
    timer = setInterval(() => {
      if (isQuiet()) finishReading(channel);
    }, LOOK_EVERY_MS);
  });
  try {
    await Promise.all([
      readLines(channel, counted('stdout')).catch(() => undefined),
      readLines(channel.stderr, counted('stderr')).catch(() => undefined),
    ]);
    // The status may come after the end of the output.
    return await exit;
  } finally {
    clearInterval(timer);
  }
}

/** Ends both streams for their readers, and asks the server to close. */
function finishReading(channel: ClientChannel): void {
  channel.push(null);
  channel.stderr.push(null);
  channel.close();
}
