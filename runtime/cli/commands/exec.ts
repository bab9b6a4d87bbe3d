import type { Command } from 'commander';
import { CastraError, describe, exitCodes } from '../../contract/failures.ts';
import type { ExecOutcome, VmExecResult } from '../../contract/ssh.ts';
import type { Run } from '../../operations/run.ts';
import { readContext } from '../arguments.ts';
import type { Finish } from '../finish.ts';
import { drained } from '../pipe/drained.ts';
import { print } from '../render/print.ts';
import { besideGuest, textFace } from '../render/text.ts';
import { runSession } from '../session.ts';

const help = `
Runs the command in at most eight VMs at a time. Prefixes each line of output with the name of its VM;
keeps standard output and standard error apart. Standard input is empty. Words work as for \`castra ssh\`.
  castra exec web -- uptime                 all VMs of the role "web"
  castra exec web-0 db -- sh -c 'df -h /'
  castra exec --all -- apk upgrade          all running VMs

Exits with 0 if the command does so in every VM, else with the highest exit code. A command that a
signal ended counts as 128 and the signal's number, a VM that is not running as ${exitCodes['not-running']}, one that
SSH cannot reach as ${exitCodes['ssh-failed']}; the last line on standard error tells which it was.`;

export function addExec(program: Command, finish: Finish): void {
  program
    .command('exec')
    .description('run a command in several VMs')
    .argument('[vm...]', 'VMs or roles, then -- and the command; with --all only the command')
    .usage('[options] <VM...> -- <CMD...> | --all -- <CMD...>')
    .option('--all', 'run it in all running VMs')
    .passThroughOptions()
    .addHelpText('after', help)
    .action(async (words: string[], flags: { readonly all?: boolean }, command: Command) => {
      const { config, settings, json } = readContext(command);
      const options = { config, settings, ...readWords(words, flags.all ?? false), drained };
      const code = await runSession({
        command: 'exec',
        json,
        face: () => Promise.resolve(textFace({ outcome: summarize, display: besideGuest })),
        operation: async (run: Run) =>
          (await import('../../operations/exec.ts')).exec(options, { ...run, signal: withReader(run.signal) }),
        exitCode: ({ vms }) => Math.max(...vms.map(codeOf)),
      });
      finish(code);
    });
}

/** The first `--` stands between VMs and command. commander keeps it only after another word. */
function readWords(words: readonly string[], all: boolean): { vms: string[]; command: string[] } {
  const end = words.indexOf('--');
  const vms = all ? [] : words.slice(0, Math.max(end, 0));
  const command = all && end !== 0 ? [...words] : words.slice(end + 1);
  if ((vms.length === 0 && !all) || command.length === 0) {
    const detail =
      'Name the VMs, then `--`, then the command: `castra exec web -- uptime`, or `castra exec --all -- uptime`.';
    throw new CastraError({ kind: 'usage', detail });
  }
  return { vms, command };
}

/** `castra exec … | head` must end the commands when head has ended. */
function withReader(signal: AbortSignal): AbortSignal {
  const gone = new AbortController();
  process.stdout.once('close', () => gone.abort());
  return AbortSignal.any([signal, gone.signal]);
}

const codeOf = (result: VmExecResult): number =>
  'exitCode' in result ? result.exitCode : exitCodes[result.failure.kind];

const endOf = ({ signal, exitCode }: { readonly signal?: string; readonly exitCode: number }): string =>
  signal === undefined ? `exit code ${exitCode}` : `ended by ${signal}`;

/** On standard error: standard output has only what the commands printed. */
function summarize({ vms }: ExecOutcome): string {
  const bad = vms.filter((vm) => codeOf(vm) !== 0);
  for (const vm of bad) if ('failure' in vm) print(process.stderr, `${describe(vm.failure)}\n`);
  if (bad.length > 0) {
    const list = bad.map((vm) => ('exitCode' in vm ? `${vm.vm} (${endOf(vm)})` : vm.vm)).join(', ');
    print(process.stderr, `Failed on ${bad.length} of ${vms.length}: ${list}\n`);
  }
  return '';
}
