import type { VmBootstrapResult } from './bootstrap.ts';
import type { Diagnostic } from './diagnostics.ts';
import type { RootFinding, SingleFailure } from './singleFailure.ts';
import type { VmDownResult, VmRebootResult, VmResumeResult, VmUpResult } from './vms.ts';

/** Every way an operation can fail. Closed on purpose: the table below must know each one. */
export type Failure =
  | SingleFailure
  | { readonly kind: 'up-failed'; readonly vms: readonly VmUpResult[] }
  | { readonly kind: 'down-failed'; readonly vms: readonly VmDownResult[] }
  | { readonly kind: 'resume-failed'; readonly vms: readonly VmResumeResult[] }
  | { readonly kind: 'bootstraps-failed'; readonly vms: readonly VmBootstrapResult[] }
  | { readonly kind: 'reboot-failed'; readonly vms: readonly VmRebootResult[] };

/** What failed in the work on one VM. Summaries of several VMs do not come from there. */
export function singleFailure({ failure, message }: CastraError): SingleFailure {
  switch (failure.kind) {
    case 'up-failed':
    case 'down-failed':
    case 'resume-failed':
    case 'bootstraps-failed':
    case 'reboot-failed':
      return { kind: 'internal', detail: message };
    default:
      return failure;
  }
}

export type FailureKind = Failure['kind'];

/** The failure of a kind, with its fields. */
export type FailureOf<K extends FailureKind> = Extract<Failure, { readonly kind: K }>;

/** The only error an operation throws. `message` is what a person reads; `failure` is what a program reads. */
export class CastraError extends Error {
  readonly failure: Failure;

  /** By name: the extension has this class in two files, and an embedder may have two versions of Castra. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && value.name === 'CastraError' && 'failure' in value;
  }

  constructor(failure: Failure, options?: ErrorOptions) {
    super(describe(failure), options);
    this.name = 'CastraError';
    this.failure = failure;
  }
}

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

export const HOST_NOT_READY = 'This host is not ready to start the VMs';

interface Kind<F extends Failure> {
  /** After BSD's sysexits.h; 130 is what a shell reports for SIGINT. */
  readonly exitCode: number;
  /** One or more lines for a person: what happened, then what to do. */
  readonly describe: (failure: F) => string;
}

const kinds: { readonly [K in FailureKind]: Kind<Extract<Failure, { kind: K }>> } = {
  usage: { exitCode: 64, describe: (failure) => failure.detail },
  'config-not-found': {
    exitCode: 66,
    describe: (failure) =>
      `No castra.toml in ${failure.searchedFrom} or any folder above it. Run \`castra init\` to create one, or set its path with --config.`,
  },
  'config-missing': {
    exitCode: 66,
    describe: (failure) => `${failure.path} does not exist or is not a file. Check the path given with --config.`,
  },
  'config-unreadable': { exitCode: 74, describe: (failure) => `Cannot read ${failure.path}: ${failure.detail}.` },
  'config-invalid': { exitCode: 65, describe: (failure) => describeInvalid(failure.path, failure.diagnostics) },
  'unknown-vm': {
    exitCode: 64,
    describe: (failure) =>
      `No VM or role named ${quoted(failure.names)} in this project. Known: ${failure.known.join(', ') || 'none'}.`,
  },
  'already-initialized': {
    exitCode: 73,
    describe: (failure) => `${failure.path} already exists. Pass --force to overwrite it.`,
  },
  'write-failed': { exitCode: 74, describe: (failure) => `Cannot write ${failure.path}: ${failure.detail}.` },
  'state-root-unusable': {
    exitCode: 73,
    describe: (failure) =>
      `Cannot use the state root ${failure.path}: ${failure.detail}. Set CASTRA_HOME, or \`project.state_dir\` to a new folder, on a disk with free space.`,
  },
  'state-root-foreign': {
    exitCode: 73,
    describe: ({ path, found, detail }) => `${path} ${detail}, so it is not used. ${wayOut(found)}`,
  },
  'project-moved': {
    exitCode: 75,
    describe: ({ from, vms, project }) =>
      `${vms.join(', ')} ${vms.length === 1 ? 'runs' : 'run'} already, started when this folder was ${from}. Stop ${vms.length === 1 ? 'it' : 'them'} with \`castra down --project ${project}\`; \`castra doctor --adopt\` then takes over what is left there.`,
  },
  busy: { exitCode: 75, describe: (failure) => describeBusy(failure) },
  'preflight-failed': {
    exitCode: 70,
    describe: (failure) =>
      [
        `${HOST_NOT_READY}:`,
        ...failure.problems.flatMap((problem) => [
          `- ${problem.message}`,
          ...(problem.help === undefined ? [] : [`  ${problem.help}`]),
        ]),
      ].join('\n'),
  },
  'image-failed': { exitCode: 70, describe: (failure) => failure.detail },
  'overlay-failed': {
    exitCode: 70,
    describe: (failure) => `${failure.vm}: cannot prepare its disk: ${failure.detail}`,
  },
  'seed-failed': {
    exitCode: 70,
    describe: (failure) => `${failure.vm}: cannot prepare its seed disk: ${failure.detail}`,
  },
  'key-unusable': {
    exitCode: 70,
    describe: (failure) =>
      `${failure.path} cannot be used as an SSH key: ${failure.detail}. Restore the file. Or stop the VMs that use it, remove it and its .pub file, and run \`castra up\` to create a new key.`,
  },
  'launch-failed': { exitCode: 70, describe: (failure) => describeLaunch(failure) },
  'not-ready': {
    exitCode: 70,
    describe: (failure) =>
      [
        `${failure.vm} is not ready: ${failure.detail}`,
        ...tail('last serial lines', failure.serialTail),
        `Serial log: ${failure.logPath}`,
        `It is still running: \`castra status\` shows whether it becomes ready later, \`castra down ${failure.vm}\` stops it.`,
      ].join('\n'),
  },
  'dependency-failed': {
    exitCode: 70,
    describe: (failure) =>
      `${failure.vm} was not started: it needs ${failure.needs.join(', ')}, which did not become ready. Correct that first; \`castra up ${failure.vm}\` also starts the VMs that it needs.`,
  },
  'not-running': { exitCode: 70, describe: (failure) => `${failure.vm} is not running: ${failure.detail}` },
  'not-working': {
    exitCode: 70,
    describe: ({ vm, detail }) => `${vm} is running but does not work: ${detail}`,
  },
  'broker-failed': {
    exitCode: 70,
    describe: ({ detail }) => `The broker does not work: ${detail}. \`castra logs --source broker\` shows what it did.`,
  },
  'bus-failed': { exitCode: 70, describe: ({ detail }) => `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.` },
  'console-busy': {
    exitCode: 75,
    describe: (failure) =>
      `Another terminal is already attached to the console of ${failure.vm}. Close it first, or follow its output with \`castra logs -f --source serial ${failure.vm}\`.`,
  },
  // What ssh itself exits with when it cannot connect.
  'ssh-failed': { exitCode: 255, describe: (failure) => `${failure.vm} cannot be reached over SSH: ${failure.detail}` },
  'host-key-mismatch': {
    exitCode: 255,
    describe: (failure) => `${failure.vm} did not prove its identity: ${failure.detail}`,
  },
  'bootstrap-failed': { exitCode: 70, describe: (failure) => describeBootstrap(failure) },
  'bootstrap-refused': { exitCode: 70, describe: (failure) => failure.detail },
  'command-timed-out': {
    exitCode: 70,
    describe: ({ vm, timeoutMs }) => `${vm}: the command did not end within ${timeoutMs / 1000} s, so Castra ended it.`,
  },
  'not-rebooted': { exitCode: 70, describe: (failure) => `${failure.vm} did not reboot: ${failure.detail}` },
  'copy-failed': { exitCode: 70, describe: (failure) => `${failure.vm}: the copy failed: ${failure.detail}` },
  'export-failed': { exitCode: 70, describe: (failure) => `${failure.vm} cannot be exported: ${failure.detail}` },
  'unknown-project': {
    exitCode: 66,
    describe: (failure) => {
      if (failure.matching)
        return `"${failure.id}" is ambiguous: ${failure.matching.join(' or ')}. Pass the full id; \`castra list\` shows where each is.`;
      return `Unknown project "${failure.id}". Known: ${failure.known.join(', ') || 'none'}. \`castra list\` shows them; \`castra up\` makes a project known.`;
    },
  },
  'clean-refused': { exitCode: 70, describe: (failure) => `${failure.path} was not cleaned: ${failure.detail}` },
  'shutdown-failed': { exitCode: 70, describe: (failure) => `${failure.vm}: cannot be stopped: ${failure.detail}` },
  'up-failed': { exitCode: 70, describe: (failure) => summarize(failure.vms) },
  'down-failed': { exitCode: 70, describe: (failure) => summarize(failure.vms) },
  'resume-failed': { exitCode: 70, describe: (failure) => summarize(failure.vms) },
  'bootstraps-failed': {
    exitCode: 70,
    describe: ({ vms }) => vms.flatMap((vm) => (vm.status === 'failed' ? [describe(vm.failure)] : [])).join('\n'),
  },
  'reboot-failed': { exitCode: 70, describe: (failure) => summarize(failure.vms) },
  cancelled: { exitCode: 130, describe: () => 'Cancelled.' },
  'too-many-files': { exitCode: 70, describe: (failure) => `${failure.detail}.` },
  internal: {
    exitCode: 70,
    describe: (failure) => `Castra has a bug: ${failure.detail}. Please report it with the command you ran.`,
  },
};

const ADOPT =
  'Set `project.state_dir` to another folder; or, if what is in it is yours, `castra doctor --adopt` lists that and takes it over.';

/** What to do about a folder that is not a state root of ours: a sentence or two. */
export const wayOut = (found: RootFinding): string => ways[found];

const ways: Readonly<Record<RootFinding, string>> = {
  unknown: ADOPT,
  copy: ADOPT,
  'other-project': 'Give this project a `project.state_dir` of its own.',
  link: 'Remove the link, or set `project.state_dir` to the folder itself.',
  'not-a-folder': 'Move it away, or set `project.state_dir` to another folder.',
  'other-user': 'Set `project.state_dir` to a folder of your own.',
  writable: 'See whether what is in it is still yours, and close it with `chmod 700`.',
  unreadable: 'Make it readable for yourself, or set `project.state_dir` to another folder.',
  damaged: 'Castra never creates such a thing: remove it, and run the command again.',
};

/** Process exit codes, by kind. */
export const exitCodes = Object.fromEntries(
  Object.entries(kinds).map(([kind, { exitCode }]) => [kind, exitCode]),
) as Readonly<Record<FailureKind, number>>;

/** One or more lines for a person: what happened, then what to do. */
export function describe(failure: Failure): string {
  // Each kind has its own row; the compiler cannot follow that from the key to the value.
  const { describe: words } = kinds[failure.kind] as Kind<Failure>;
  return words(failure);
}

function describeInvalid(path: string, diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error').length;
  return `${path} has ${errors === 1 ? '1 error' : `${errors} errors`}. Correct ${errors === 1 ? 'it' : 'them'} and run the command again; \`castra validate\` lists everything.`;
}

function describeBusy(failure: Extract<Failure, { kind: 'busy' }>): string {
  const holder = failure.pid === undefined ? 'another process' : `pid ${failure.pid}`;
  const command = failure.command === 'unknown' ? 'Another Castra command' : `\`castra ${failure.command}\``;
  const since = failure.startedAt === undefined ? '' : ` since ${failure.startedAt}`;
  return `${command} (${holder}) has been changing this project${since}. Wait until it ends, or stop it, and try again.`;
}

function describeLaunch(failure: Extract<Failure, { kind: 'launch-failed' }>): string {
  return [
    `${failure.vm} did not start: ${failure.detail}`,
    ...tail('QEMU said', failure.qemuOutput),
    ...tail('last serial lines', failure.serialTail),
    `Log: ${failure.logPath}`,
  ].join('\n');
}

function describeBootstrap(failure: Extract<Failure, { kind: 'bootstrap-failed' }>): string {
  const { vm, step, name, detail, hint, output, logPath } = failure;
  const where = name === undefined ? step : `${step} "${name}"`;
  return [
    `${vm} runs, but its bootstrap failed at ${where}: ${detail}. ${hint}`.trimEnd(),
    ...tail('last lines', output),
    ...(logPath === undefined ? [] : [`Log: ${logPath}`]),
  ].join('\n');
}

function tail(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`  ${title}:`, ...lines.map((line) => `    ${line}`)];
}

function summarize(vms: readonly (VmUpResult | VmDownResult | VmResumeResult | VmRebootResult)[]): string {
  return vms.flatMap((vm) => (vm.result === 'failed' ? [describe(vm.failure)] : [])).join('\n');
}

/** The text of anything thrown, without a stack. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return lacksFiles(error)
    ? `${error.message}: too many files are open; raise the limit (\`ulimit -n 1024\`)`
    : error.message;
}

const lacksFiles = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EMFILE' || error.code === 'ENFILE');

/** Of an error that is no CastraError. */
export function unexpected(error: unknown, detail = messageOf(error)): SingleFailure {
  return { kind: lacksFiles(error) ? 'too-many-files' : 'internal', detail };
}
