import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { StreamLine } from '../../runtime/contract/stream.ts';
import { type Behaviour, FAKE_QEMU } from './fakeVm.ts';
import type { TempProject } from './tempProject.ts';

export const CLI = join(process.cwd(), 'dist/cli.js');

/** setpriv(1): without these capabilities root is refused what every user is. */
const OBEDIENT =
  process.getuid?.() === 0 ? ['setpriv', '--bounding-set', '-dac_override,-dac_read_search,-fowner'] : [];

export interface CliOptions {
  /** Per VM name, or "*": how the fake QEMU behaves. */
  readonly fake?: Readonly<Record<string, Behaviour>>;
  /** Run the QEMU on PATH instead of the fake one. */
  readonly real?: boolean;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Let file permissions hold for root too. */
  readonly obedient?: boolean;
}

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly result: Promise<CliResult>;
  /** Resolves once standard output contains the text. */
  until(text: string): Promise<void>;
}

/** Starts `castra` in a project, as a user's shell would. */
export function startCli(
  project: Pick<TempProject, 'path' | 'home'>,
  args: readonly string[],
  options: CliOptions = {},
): RunningCli {
  const [program, ...words] = [...(options.obedient ? OBEDIENT : []), process.execPath, CLI, ...args];
  const child = spawn(program ?? '', words, {
    cwd: options.cwd ?? project.path,
    env: {
      ...process.env,
      CASTRA_HOME: project.home,
      CASTRA_ACCELERATOR: 'tcg',
      // Tests look at which files a command changes. doctor never keeps code, and shows what is set.
      ...(args[0] === 'doctor' ? {} : { CASTRA_CODE_CACHE: '0' }),
      ...(options.real ? {} : { CASTRA_QEMU: FAKE_QEMU, FAKE_QEMU: JSON.stringify(options.fake ?? {}) }),
      ...options.env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const result = new Promise<CliResult>((done) => {
    child.once('close', (code, signal) => done({ code, signal, stdout, stderr }));
  });
  const until = (text: string) =>
    new Promise<void>((done, fail) => {
      const look = () => {
        if (stdout.includes(text)) done();
      };
      child.stdout.on('data', look);
      void result.then(() =>
        fail(new Error(`castra ended without printing ${JSON.stringify(text)}:\n${stdout}${stderr}`)),
      );
      look();
    });
  return { child, result, until };
}

export function runCli(
  project: Pick<TempProject, 'path' | 'home'>,
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  return startCli(project, args, options).result;
}

/** The lines of `--json`. */
export function lines(result: CliResult): StreamLine[] {
  return result.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StreamLine);
}

/** The `outcome` of the last line, for assertions by shape. */
export function outcomeOf<Outcome>(result: CliResult): Outcome {
  const last = lines(result).at(-1);
  if (last?.type !== 'command.completed') throw new Error(`not completed: ${result.stdout}${result.stderr}`);
  return last.outcome as Outcome;
}

/** A command that has to succeed; what it said otherwise. */
export async function ok(result: Promise<CliResult>): Promise<CliResult> {
  const done = await result;
  assert.equal(done.code, 0, done.stdout + done.stderr);
  return done;
}
