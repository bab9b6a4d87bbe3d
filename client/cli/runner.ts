import { type ChildProcess, spawn } from 'node:child_process';
import type { Event } from '../../runtime/contract/events.ts';
import type { Failure } from '../../runtime/contract/failures.ts';
import type { ControlLine } from '../../runtime/contract/stream.ts';
import { lineDecoder } from './decode.ts';

/** How the bundled CLI is run; everything that changes the machine goes through here. */
export interface CliCall {
  /** Path of dist/cli.js. */
  readonly cli: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Beside the environment of the extension host. */
  readonly env: Readonly<Record<string, string>>;
  readonly onEvent: (event: Event) => void;
  /** Everything that is not an event: standard error, and lines that are not of the stream. */
  readonly onOther: (text: string) => void;
}

export type CliEnd =
  | { readonly kind: 'completed'; readonly outcome: unknown; readonly exitCode: number }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly message: string }
  /** It ended without its last line: it crashed or was killed. */
  | { readonly kind: 'broken'; readonly message: string };

export interface RunningCommand {
  readonly ended: Promise<CliEnd>;
  /** Asks it to stop in order; it takes back what it had begun. */
  cancel(): void;
}

/** A command that does not end after its cancel line gets a signal, which ends it in the middle of what it takes back. */
const CANCEL_GRACE_MS = 60_000;

/**
 * Starts `castra … --json` in a process of its own. A reload of the window closes our ends of its pipes and nothing
 * more: it continues (shared/vscode.md, 7), and the next window learns of it from the state root.
 */
export function runCli(call: CliCall): RunningCommand {
  const child = spawn(process.execPath, [call.cli, ...call.args, '--json'], {
    cwd: call.cwd,
    env: { ...process.env, ...call.env, ELECTRON_RUN_AS_NODE: '1', ELECTRON_NO_ASAR: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  return { ended: listen(child, call), cancel: () => cancel(child) };
}

function listen(child: ChildProcess, { onEvent, onOther }: CliCall): Promise<CliEnd> {
  let end: CliEnd | undefined;
  let complaint = '';
  const decoder = lineDecoder((line) => {
    if (line.type === 'command.completed') end = { kind: 'completed', outcome: line.outcome, exitCode: line.exitCode };
    else if (line.type === 'command.failed') end = { kind: 'failed', failure: line.failure, message: line.message };
    else if (line.type !== 'stream.started' && line.type !== 'snapshot') onEvent(line);
  }, onOther);
  child.stdout?.setEncoding('utf8').on('data', (text: string) => decoder.write(text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000);
    onOther(text);
  });
  return new Promise((done) => {
    child.once('error', (error) => done({ kind: 'broken', message: `castra could not be started: ${error.message}` }));
    child.once('close', (code, signal) => {
      decoder.end();
      const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
      done(end ?? { kind: 'broken', message: `castra ${how} before it finished. ${complaint.trim()}`.trim() });
    });
  });
}

function cancel(child: ChildProcess): void {
  const line: ControlLine = { type: 'cancel' };
  child.stdin?.write(`${JSON.stringify(line)}\n`);
  const timer = setTimeout(() => child.kill('SIGTERM'), CANCEL_GRACE_MS);
  child.once('exit', () => clearTimeout(timer));
}
