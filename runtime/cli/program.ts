import { Command, CommanderError, Option } from 'commander';
import { CastraError, describe, exitCodes, type Failure } from '../contract/failures.ts';
import { encodeLine } from '../contract/stream.ts';
import type { Finish } from './finish.ts';
import { print } from './render/print.ts';
import { firstWord, refuseUnknownCommand } from './unknownCommand.ts';

const environmentHelp = `
Environment:
  CASTRA_HOME         state, images and caches (default ~/.castra)
  CASTRA_QEMU         name or path of the qemu-system program
  CASTRA_ACCELERATOR  auto, kvm, hvf, whpx or tcg; overrides castra.toml
  CASTRA_ALPINE_MIRROR  mirror to try first for the default image: its URL without /v3.24/…
  CASTRA_CODE_CACHE   0 keeps no compiled code in CASTRA_HOME; commands start slower
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
  const json = wantsJson(args);
  const program = await buildProgram(args, finish, json);
  try {
    if (args.length === 0) {
      program.outputHelp();
      return exitCodes.usage;
    }
    refuseUnknownCommand(args, namesOf(program));
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    return refuse(error, json);
  }
}

/** commander's own `help` and the names under which commands are known. */
const namesOf = ({ commands: known }: Command): string[] => [
  'help',
  ...known.flatMap((one) => [one.name(), ...one.aliases()]),
];

/** An option, an argument or an environment variable was refused before the command had anything to show. */
function refuse(error: unknown, json: boolean): number {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  if (!(error instanceof CommanderError) && !(error instanceof CastraError)) throw error;
  const failure: Failure =
    error instanceof CastraError
      ? error.failure
      : { kind: 'usage', detail: error.message.replace(/^error: /, '').replace(/\n[\s\S]*$/, '') };
  const exitCode = exitCodes[failure.kind];
  if (json) process.stdout.write(encodeLine({ type: 'command.failed', failure, message: describe(failure), exitCode }));
  // commander has printed the rest.
  else if (error instanceof CastraError) print(process.stderr, `Error: ${error.message}\n`);
  return exitCode;
}

/** Before `--`, behind which everything is a guest's command. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? args.length : end).includes('--json');
}

type AddCommand = (program: Command, finish: Finish) => void;

/** In the order of `castra --help`: from first use to last. The module of a command is loaded once it is needed. */
const commands: Readonly<Record<string, () => Promise<AddCommand>>> = {
  init: async () => (await import('./commands/init.ts')).addInit,
  validate: async () => (await import('./commands/validate.ts')).addValidate,
  fmt: async () => (await import('./commands/fmt.ts')).addFmt,
  up: async () => (await import('./commands/up.ts')).addUp,
  down: async () => (await import('./commands/down.ts')).addDown,
  bootstrap: async () => (await import('./commands/bootstrap.ts')).addBootstrap,
  cancel: async () => (await import('./commands/cancel.ts')).addCancel,
  resume: async () => (await import('./commands/resume.ts')).addResume,
  reboot: async () => (await import('./commands/reboot.ts')).addReboot,
  restart: async () => (await import('./commands/restart.ts')).addRestart,
  status: async () => (await import('./commands/status.ts')).addStatus,
  ssh: async () => (await import('./commands/ssh.ts')).addSsh,
  exec: async () => (await import('./commands/exec.ts')).addExec,
  cp: async () => (await import('./commands/cp.ts')).addCp,
  'ssh-config': async () => (await import('./commands/sshConfig.ts')).addSshConfig,
  console: async () => (await import('./commands/console.ts')).addConsole,
  ports: async () => (await import('./commands/ports.ts')).addPorts,
  logs: async () => (await import('./commands/logs.ts')).addLogs,
  bus: async () => (await import('./commands/bus.ts')).addBus,
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
  const first = firstWord(args) ?? '';
  const named = Object.hasOwn(commands, first) ? commands[first] : undefined;
  return named === undefined ? Object.values(commands) : [named];
}

async function buildProgram(args: readonly string[], finish: Finish, json: boolean): Promise<Command> {
  const program = new Command('castra')
    .description('Runs the QEMU virtual machines that castra.toml declares.')
    .version(`castra ${CASTRA_VERSION}`, '-V, --version')
    // What follows the VM of `ssh` and `exec` is the command's, dashes included.
    .enablePositionalOptions()
    .showHelpAfterError('(castra --help lists commands and options)')
    .configureOutput({ writeErr: (text) => (json ? true : print(process.stderr, text)) })
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
    if (flags === '--json' && WITHOUT_JSON.includes(command.name())) continue;
    command.addOption(new Option(flags, description).helpGroup('Options of every command:'));
  }
  command.exitOverride();
  if (command.parent === null) return;
  for (const nested of command.commands) addGlobals(nested);
}

/** Their output is the guest's, or for a shell to read. */
const WITHOUT_JSON = ['ssh', 'console', 'completion'];

const globals = [
  ['-c, --config <path>', 'the castra.toml to use (default: the nearest one in this folder or above)'],
  ['--project <id>', 'a project that ran on this host, by id or name (see `castra list`)'],
  ['--json', 'print one JSON object per line, for programs'],
] as const;
