import { Command, CommanderError, Option } from 'commander';
import { CastraError, exitCodes } from '../contract/failures.ts';
import { addClean } from './commands/clean.ts';
import { addCompletion } from './commands/completion.ts';
import { addConsole } from './commands/console.ts';
import { addCp } from './commands/cp.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDown } from './commands/down.ts';
import { addExec } from './commands/exec.ts';
import { addExport } from './commands/export.ts';
import { addFmt } from './commands/fmt.ts';
import { addImages } from './commands/images.ts';
import { addInit } from './commands/init.ts';
import { addList } from './commands/list.ts';
import { addLogs } from './commands/logs.ts';
import { addPorts } from './commands/ports.ts';
import { addSchema } from './commands/schema.ts';
import { addSsh } from './commands/ssh.ts';
import { addSshConfig } from './commands/sshConfig.ts';
import { addStatus } from './commands/status.ts';
import { addUp } from './commands/up.ts';
import { addValidate } from './commands/validate.ts';
import { exampleText } from './examples.ts';
import type { Finish } from './finish.ts';

const environmentHelp = `
Environment:
  CASTRA_HOME         state, images and caches (default ~/.castra)
  CASTRA_QEMU         name or path of the qemu-system program
  CASTRA_ACCELERATOR  auto, kvm, hvf, whpx or tcg; overrides castra.toml
  CASTRA_ALPINE_MIRROR  mirror to try first for the default image: its URL without /v3.24/…
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY  for downloads
  NO_COLOR            no colours

Exit codes: 0 done, 64 wrong usage, 65 castra.toml has errors, 66 no castra.toml found, 70 a VM or this host failed,
73 state root unusable, 74 cannot read or write, 75 another castra is changing the project or attached to the console,
130 cancelled. 1: a VM is in state error (status), an image is damaged (images verify), a file could not be removed
(clean), something prevents VMs from starting (doctor), a file is not formatted (fmt --check).`;

/** Parses the command line and runs one command. Resolves with the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const finish = (code: number) => {
    exitCode = code;
  };
  const program = buildProgram(finish);
  try {
    if (args.length === 0) {
      program.outputHelp();
      return exitCodes.usage;
    }
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    // commander has printed what is wrong, with a suggestion for a typo.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
    // A flag or environment variable was refused before the command had anything to show.
    if (!(error instanceof CastraError)) throw error;
    process.stderr.write(`Error: ${error.message}\n`);
    return exitCodes[error.failure.kind];
  }
}

/** In the order of `castra --help`: from first use to last. */
const commands = [
  addInit,
  addValidate,
  addFmt,
  addUp,
  addDown,
  addStatus,
  addSsh,
  addExec,
  addCp,
  addSshConfig,
  addConsole,
  addPorts,
  addLogs,
  addExport,
  addImages,
  addClean,
  addDoctor,
  addList,
  addSchema,
];

function buildProgram(finish: Finish): Command {
  const program = new Command('castra')
    .description('Runs the QEMU virtual machines that castra.toml declares.')
    .version(`castra ${CASTRA_VERSION}`, '-V, --version')
    // What follows the VM of `ssh` and `exec` is the command's, dashes included.
    .enablePositionalOptions()
    .showHelpAfterError('(castra --help lists commands and options)')
    .addHelpText('after', environmentHelp);
  for (const add of commands) {
    add(program, finish);
  }
  addCompletion(program);
  for (const command of [program, ...program.commands]) addGlobals(command);
  return program;
}

/** On each command too: `castra up --json -c FILE` works as well as `castra -c FILE --json up`. */
function addGlobals(command: Command): void {
  for (const [flags, description] of globals) {
    command.addOption(new Option(flags, description).helpGroup('Options of every command:'));
  }
  command.exitOverride();
  if (command.parent === null) return;
  const text = command.parent.parent === null ? exampleText(command.name()) : '';
  if (text !== '') command.addHelpText('after', text);
  for (const nested of command.commands) addGlobals(nested);
}

const globals = [
  ['-c, --config <path>', 'the castra.toml to use (default: the nearest one in this folder or above)'],
  ['--project <id>', 'a project that ran on this host, by id or name (see `castra list`)'],
  ['--json', 'print one JSON object per line, for programs'],
] as const;
