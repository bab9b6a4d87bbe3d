import { Command, CommanderError, Option } from 'commander';
import { CastraError, exitCodes } from '../contract/failures.ts';
import { exampleText } from './examples.ts';
import type { Finish } from './finish.ts';

const environmentHelp = `
Environment:
  CASTRA_HOME         state, images and caches (default ~/.castra)
  CASTRA_QEMU         name or path of the qemu-system program
  CASTRA_ACCELERATOR  auto, kvm, hvf, whpx or tcg; beats castra.toml
  CASTRA_ALPINE_MIRROR  asked first for the default image: what stands before /v3.24/ there
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY  for downloads
  NO_COLOR            no colours

Exit codes: 0 done, 64 wrong usage, 65 castra.toml has errors, 66 no castra.toml, 70 a VM or this host failed,
73 state root unusable, 74 cannot read or write, 75 another castra is at work or attached, 130 cancelled.
1: a VM is in error (status), an image is damaged (images verify), a file could not be removed (clean), something
would keep VMs from starting (doctor), a file is not formatted (fmt --check).`;

/** Parses the command line and runs one command. Resolves with the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const finish = (code: number) => {
    exitCode = code;
  };
  const program = await buildProgram(args, finish);
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

type AddCommand = (program: Command, finish: Finish) => void;

/** In the order of `castra --help`: from first use to last. The module of a command is loaded once it is needed. */
const commands: Readonly<Record<string, () => Promise<AddCommand>>> = {
  init: async () => (await import('./commands/init.ts')).addInit,
  validate: async () => (await import('./commands/validate.ts')).addValidate,
  fmt: async () => (await import('./commands/fmt.ts')).addFmt,
  up: async () => (await import('./commands/up.ts')).addUp,
  down: async () => (await import('./commands/down.ts')).addDown,
  status: async () => (await import('./commands/status.ts')).addStatus,
  ssh: async () => (await import('./commands/ssh.ts')).addSsh,
  exec: async () => (await import('./commands/exec.ts')).addExec,
  cp: async () => (await import('./commands/cp.ts')).addCp,
  'ssh-config': async () => (await import('./commands/sshConfig.ts')).addSshConfig,
  console: async () => (await import('./commands/console.ts')).addConsole,
  ports: async () => (await import('./commands/ports.ts')).addPorts,
  logs: async () => (await import('./commands/logs.ts')).addLogs,
  export: async () => (await import('./commands/export.ts')).addExport,
  images: async () => (await import('./commands/images.ts')).addImages,
  clean: async () => (await import('./commands/clean.ts')).addClean,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctor,
  list: async () => (await import('./commands/list.ts')).addList,
  schema: async () => (await import('./commands/schema.ts')).addSchema,
  completion: async () => (await import('./commands/completion.ts')).addCompletion,
};

/** The command that the first word names. Any other first word, such as a flag or a typo, needs them all. */
function neededCommands(args: readonly string[]): (() => Promise<AddCommand>)[] {
  const [first = ''] = args;
  const named = Object.hasOwn(commands, first) ? commands[first] : undefined;
  return named === undefined ? Object.values(commands) : [named];
}

async function buildProgram(args: readonly string[], finish: Finish): Promise<Command> {
  const program = new Command('castra')
    .description('Runs the QEMU virtual machines that castra.toml declares.')
    .version(`castra ${CASTRA_VERSION}`, '-V, --version')
    // What follows the VM of `ssh` and `exec` is the command's, dashes included.
    .enablePositionalOptions()
    .showHelpAfterError('(castra --help lists commands and options)')
    .addHelpText('after', environmentHelp);
  for (const load of neededCommands(args)) {
    const add = await load();
    add(program, finish);
  }
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
  ['-c, --config <path>', 'castra.toml to use, instead of the nearest one from here upwards'],
  ['--project <id>', 'a project that ran here before, by id or name (`castra list` shows them)'],
  ['--json', 'print one JSON object per line, for programs'],
] as const;
