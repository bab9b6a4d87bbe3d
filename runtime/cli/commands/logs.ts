import { type Command, InvalidArgumentError, Option } from 'commander';
import { type LogKind, type LogsOptions, type LogsOutcome, logKinds } from '../../contract/logs.ts';
import type { Output } from '../../contract/output.ts';
import type { Run } from '../../operations/run.ts';
import { readContext } from '../arguments.ts';
import { exampleText } from '../examples.ts';
import type { Finish } from '../finish.ts';
import { untilReaderGoes } from '../pipe/untilReaderGoes.ts';
import { runSession } from '../session.ts';

interface Flags {
  readonly follow?: boolean;
  readonly tail?: number;
  readonly since?: number;
  readonly source?: readonly LogKind[];
  readonly prefix: boolean;
}

const help = `
--since leaves out what is provably older: rotated files by when they were last written, and the QEMU log by the
times of its starts. Lines of a serial console have no times, so its files are shown as a whole.

A terminal gets no control sequences of a guest except colours. A pipe or file gets the text as it was logged.`;

export function addLogs(program: Command, finish: Finish): void {
  program
    .command('logs')
    .description("show the logs of QEMU, of serial consoles, and of Castra's helpers")
    .argument('[vm...]', 'VMs or roles (default: all)')
    .option('-f, --follow', 'keep printing new lines until Ctrl-C')
    .option('-n, --tail <lines>', 'number of lines of each log, or "all" (default 100; all with --since)', parseLines)
    .option('--since <time>', 'an ISO time, or an age: 30s, 10m, 2h, 1d', parseSince)
    .addOption(new Option('--source <kind>', 'only these logs; can be repeated').choices(logKinds).argParser(addKind))
    .option('--no-prefix', 'print lines without the name of their log')
    .addHelpText('after', help)
    .addHelpText(
      'after',
      exampleText([
        ['castra logs', 'the end of every log'],
        ['castra logs -f --source serial web', 'watch a guest boot'],
        ['castra logs --since 10m'],
        ['castra logs --tail all --no-prefix --source qemu db > db.log'],
      ]),
    )
    .action(async (vms: string[], flags: Flags, command: Command) => {
      const { config, settings, json } = readContext(command);
      const { follow = false, tail, since, source: sources = [], prefix } = flags;
      const wanted = { ...(tail === undefined ? {} : { tail }), ...(since === undefined ? {} : { since }) };
      const options = { config, settings, vms, sources, follow, ...wanted };
      const face = async () => (await import('../render/logs.ts')).logFace(process.stdout, { prefix });
      finish(await runSession({ command: 'logs', json, face, operation: (run) => showLogs(options, run) }));
    });
}

async function showLogs(options: LogsOptions, run: Run): Promise<Output<LogsOutcome>> {
  const { logs } = await import('../../operations/logs.ts');
  return untilReaderGoes(run, { logs: [] }, (until) =>
    logs({ ...options, drained: () => waitForDrain(process.stdout, until.signal) }, until),
  );
}

/** A pipe takes what its reader has read; Node would keep the rest in memory, up to all of a log. */
function waitForDrain(stream: NodeJS.WriteStream, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      stream.off('drain', end);
      signal.removeEventListener('abort', end);
      done();
    };
    if (!stream.writableNeedDrain || signal.aborted) {
      done();
      return;
    }
    stream.once('drain', end);
    signal.addEventListener('abort', end);
  });
}

export function parseLines(text: string): number {
  if (text === 'all') return Number.POSITIVE_INFINITY;
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a number of lines, or "all".');
  return Number(text);
}

const unitsInMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds since 1970. */
export function parseSince(text: string): number {
  const age = /^(\d{1,9}(?:\.\d{1,3})?)([smhd])$/.exec(text);
  if (age) return Date.now() - Number(age[1]) * (unitsInMs[age[2] ?? ''] ?? 0);
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    throw new InvalidArgumentError('It must be an ISO time such as 2026-01-31T18:00:00Z, or an age such as 10m.');
  }
  return time;
}

function addKind(text: string, before: readonly LogKind[] = []): readonly LogKind[] {
  const kind = logKinds.find((one) => one === text);
  if (kind === undefined) throw new InvalidArgumentError(`It must be one of ${logKinds.join(', ')}.`);
  return [...before, kind];
}
