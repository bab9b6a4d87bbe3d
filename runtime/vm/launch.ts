import type { ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { CastraError, messageOf } from '../contract/failures.ts';
import type { LogLimits } from '../contract/vocabulary.ts';
import { rotateLog, sizeOf } from '../logs/rotated.ts';
import { identify, type ProcessIdentity } from '../process/identity.ts';
import { startDetached } from '../process/spawn.ts';
import { ensurePrivateDirectory } from '../state/files.ts';
import type { VmFiles, VmSockets } from '../state/layout.ts';
import { openOwnFile, openOwnLog, removeOwnFile } from '../state/ownFile.ts';
import { START_TIMEOUT_MS } from './boot/runState.ts';
import { type LogKeeper, startLogKeeper } from './logKeeper.ts';
import { QmpClient, type QmpEvent } from './qmp.ts';

const MAX_OUTPUT_LINES = 20;

export interface LaunchRequest {
  readonly vm: string;
  readonly binary: string;
  readonly args: readonly string[];
  readonly files: VmFiles;
  readonly sockets: VmSockets;
  readonly signal: AbortSignal;
  readonly startTimeoutMs?: number;
  /** When logs are rotated: at the start, and while QEMU runs. */
  readonly logs: LogLimits;
  /** How often the logs are looked at while QEMU runs. */
  readonly logLookSeconds?: number;
  /** Told what is not as it should be although the VM starts. */
  readonly onWarning: (text: string) => void;
  readonly onEvent: (event: QmpEvent) => void;
  /** Called once the kernel has started QEMU, before anything else can go wrong. */
  readonly onStarted: (process: ProcessIdentity) => void;
}

/** A QEMU whose machine runs. */
export interface RunningQemu {
  readonly process: ProcessIdentity;
  readonly qmp: QmpClient;
  /** Resolves with a sentence when QEMU ends, whenever that is. */
  readonly exited: Promise<string>;
}

/**
 * Starts QEMU in a session of its own and waits until its machine runs. On failure nothing of it is left running, and
 * `launch-failed` carries QEMU's own words.
 */
export async function launchVm(request: LaunchRequest): Promise<RunningQemu> {
  const log = prepareLog(request);
  const logStart = writeHeader(log, request);
  const keeper = keepLogs(request);
  try {
    const child = await startDetached(request.binary, request.args, { output: log, input: keeper?.tether });
    keeper?.release();
    return await waitForMachine(child, request);
  } catch (error) {
    if (request.signal.aborted) throw new CastraError({ kind: 'cancelled' });
    const qemuOutput = readOutput(request.files.qemuLog, logStart);
    const { vm, files } = request;
    throw new CastraError(
      { kind: 'launch-failed', vm, detail: messageOf(error), qemuOutput, serialTail: [], logPath: files.qemuLog },
      { cause: error },
    );
  } finally {
    keeper?.release();
    closeSync(log);
  }
}

/** A VM without a keeper is better than none. Windows has no sh, and no file that can be emptied while it is written. */
function keepLogs({ vm, files, logs, logLookSeconds, onWarning }: LaunchRequest): LogKeeper | undefined {
  if (process.platform === 'win32') return undefined;
  const keeper = startLogKeeper([files.serialLog, files.qemuLog], logs, logLookSeconds);
  if (!keeper) onWarning(`${vm}: sh cannot be started, so Castra rotates its logs only at its next start.`);
  return keeper;
}

/** Makes room for the files of this run. Returns the open log of QEMU. */
function prepareLog(request: LaunchRequest): number {
  const { vm, files } = request;
  try {
    prepareFiles(request);
    return openOwnLog(files.qemuLog, 'append');
  } catch (error) {
    if (error instanceof CastraError) throw error;
    const failure = { kind: 'launch-failed', vm, detail: messageOf(error), logPath: files.qemuLog } as const;
    throw new CastraError({ ...failure, qemuOutput: [], serialTail: [] }, { cause: error });
  }
}

/** Sockets and pidfile of a QEMU that is gone are in the way; each run has a serial log of its own. */
function prepareFiles({ files, sockets, logs }: LaunchRequest): void {
  for (const folder of new Set([
    dirname(files.qemuLog),
    ...Object.values(sockets).map((path: string) => dirname(path)),
  ])) {
    ensurePrivateDirectory(folder);
  }
  for (const path of [files.pidfile, ...(Object.values(sockets) as string[])]) clearName(path);
  rotateLog(files.serialLog, logs.keep);
  if (sizeOf(files.qemuLog) > logs.maxBytes) rotateLog(files.qemuLog, logs.keep);
  // QEMU would create it readable for everybody.
  closeSync(openOwnLog(files.serialLog, 'begin'));
}

/** QEMU would follow a link, and write where it leads. */
function clearName(path: string): void {
  if (!removeOwnFile(path)) throw new Error(`${path} is not a file that Castra made. Remove it, and try again`);
}

function writeHeader(log: number, { binary, args }: LaunchRequest): number {
  writeSync(log, `# ${new Date().toISOString()} ${[binary, ...args].map(quote).join(' ')}\n`);
  return fstatSync(log).size;
}

/** So that a line of the log can be pasted into a shell, and stays one line whatever an argument has in it. */
export function quote(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (!/\p{Cc}/u.test(word)) return `'${word.replaceAll("'", "'\\''")}'`;
  const escaped = word.replace(/[\p{Cc}'\\]/gu, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return `$'${escaped}'`;
}

async function waitForMachine(child: ChildProcess, request: LaunchRequest): Promise<RunningQemu> {
  const exited = watchExit(child);
  const giveUp = new AbortController();
  const timeoutMs = request.startTimeoutMs ?? START_TIMEOUT_MS;
  const timer = setTimeout(() => giveUp.abort(), timeoutMs);
  const signal = AbortSignal.any([giveUp.signal, request.signal]);
  try {
    const process = identify(child.pid ?? -1);
    if (process) request.onStarted(process);
    const failed = exited.then((how) => Promise.reject(new Error(how)));
    const connected = QmpClient.connectWhenListening(request.sockets.qmp, {
      signal,
      greetingTimeoutMs: timeoutMs,
      onEvent: request.onEvent,
    });
    const qmp = await Promise.race([connected, failed]);
    if (process === undefined) throw new Error('QEMU exited immediately');
    return { process, qmp, exited };
  } catch (error) {
    child.kill('SIGKILL');
    // It was let go (startDetached): waiting for it alone would not keep Node from ending.
    child.ref();
    await exited;
    if (giveUp.signal.aborted && !request.signal.aborted) {
      throw new Error(`QEMU did not open its control socket within ${timeoutMs / 1000} s`, { cause: error });
    }
    throw error;
  } finally {
    clearTimeout(timer);
    giveUp.abort();
  }
}

function watchExit(child: ChildProcess): Promise<string> {
  return new Promise((done) => {
    child.once('exit', (code, signal) =>
      done(signal ? `QEMU was killed by ${signal}${explainSignal(signal)}` : `QEMU ended with code ${code}`),
    );
  });
}

const explainSignal = (signal: NodeJS.Signals): string =>
  signal === 'SIGSYS'
    ? ': its sandbox forbids a system call that something in `qemu_args` needs; `qemu_args = ["-sandbox", "off"]` turns the sandbox off'
    : '';

/** What QEMU itself wrote since its start, without the header. */
function readOutput(path: string, from: number): string[] {
  const file = openOwnFile(path);
  try {
    // A flood may have made the keeper empty it.
    const begin = fstatSync(file).size < from ? 0 : from;
    const buffer = Buffer.alloc(Math.min(fstatSync(file).size - begin, 64 * 1024));
    readSync(file, buffer, 0, buffer.length, begin);
    return buffer
      .toString('utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-MAX_OUTPUT_LINES);
  } finally {
    closeSync(file);
  }
}
