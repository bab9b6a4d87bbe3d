import { connect } from 'node:net';
import type { Duplex, Readable, Writable } from 'node:stream';
import { QUERY_TIMEOUT_MS } from './boot/runState.ts';
import { QmpClient, QmpError } from './qmp.ts';

/** As vm/args.ts names the character device. */
const CHARDEV = 'console0';

/**
 * Whether a client is attached: QEMU serves one client and lets a second one wait in silence. Undefined when QEMU does
 * not say.
 */
export async function isConsoleTaken(monitorSocket: string): Promise<boolean | undefined> {
  let client: QmpClient | undefined;
  try {
    client = await QmpClient.connect(monitorSocket, { timeoutMs: QUERY_TIMEOUT_MS });
    return readTaken(await client.execute('query-chardev'));
  } catch (error) {
    if (!(error instanceof QmpError)) throw error;
    return undefined;
  } finally {
    client?.close();
  }
}

/** QEMU's `filename` of a socket without a client begins with "disconnected:" (chardev/char-socket.c). */
function readTaken(reply: unknown): boolean | undefined {
  if (!Array.isArray(reply)) return undefined;
  const devices = reply as readonly { readonly label?: unknown; readonly filename?: unknown }[];
  const filename = devices.find(({ label }) => label === CHARDEV)?.filename;
  return typeof filename === 'string' ? !filename.startsWith('disconnected:') : undefined;
}

/** The guest's serial port as a stream of bytes both ways; it closes when QEMU ends. Fails when no process serves it. */
export function connectConsole(socketPath: string): Promise<Duplex> {
  return new Promise((done, fail) => {
    const socket = connect(socketPath);
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.off('error', fail);
      // A reset is followed by `close`, which is all that matters.
      socket.on('error', () => undefined);
      done(socket);
    });
  });
}

/** `left`: by the escape key, or because the reader is gone. `input-ended`: and the guest's output was read. */
export type ConsoleEnd = 'left' | 'closed' | 'input-ended' | 'cancelled';

export interface ConsoleRelay {
  readonly input: Readable;
  readonly output: Writable;
  readonly signal: AbortSignal;
  /** A person types, so Ctrl-] leaves; otherwise the input is passed on whole. */
  readonly interactive: boolean;
  /** How long the guest must be silent after the end of the input. */
  readonly quietMs?: number;
}

/** Ctrl-]: telnet's, which few programs in a guest use. */
const ESCAPE = 0x1d;
/** A shell under emulation may think for half a second between two lines. */
const QUIET_MS = 1500;
/** A guest that never falls silent is left all the same. */
const MAX_AFTER_INPUT_MS = 30_000;

/** Passes bytes both ways until one side is done. Closes the connection; leaves input and output open. */
export function relayConsole(connection: Duplex, relay: ConsoleRelay): Promise<ConsoleEnd> {
  const { input, output, signal, interactive, quietMs = QUIET_MS } = relay;
  return new Promise((done) => {
    const ended = new AbortController();
    let quiet: NodeJS.Timeout | undefined;
    let limit: NodeJS.Timeout | undefined;
    const finish = (how: ConsoleEnd) => {
      if (ended.signal.aborted) return;
      ended.abort();
      clearTimeout(quiet);
      clearTimeout(limit);
      connection.unpipe(output);
      input.off('data', onInput).off('end', onInputEnd).off('error', onInputEnd).pause();
      output.off('error', onOutputGone).off('close', onOutputGone);
      signal.removeEventListener('abort', onAbort);
      connection.destroy();
      done(how);
    };
    const onAbort = () => finish('cancelled');
    const onOutputGone = () => finish('left');
    const onInput = (chunk: Buffer) => {
      const at = interactive ? chunk.indexOf(ESCAPE) : -1;
      const flushed = connection.write(at < 0 ? chunk : chunk.subarray(0, at));
      if (at >= 0) return finish('left');
      // A guest that does not read must not keep a person from leaving, so typing is never held back.
      if (flushed || interactive) return;
      input.pause();
      connection.once('drain', () => input.resume());
    };
    const onInputEnd = () => {
      quiet = setTimeout(() => finish('input-ended'), quietMs);
      limit = setTimeout(() => finish('input-ended'), MAX_AFTER_INPUT_MS);
    };
    connection.on('data', () => quiet?.refresh());
    connection.once('close', () => finish('closed'));
    connection.pipe(output, { end: false });
    input.on('data', onInput).once('end', onInputEnd).once('error', onInputEnd);
    output.once('error', onOutputGone).once('close', onOutputGone);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
}
