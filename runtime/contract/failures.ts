import type { Diagnostic } from './diagnostics.ts';
import type { VmDownResult, VmUpResult } from './outcomes.ts';

/** Every way an operation can fail. Closed on purpose: `exitCodes` and `describe` must know each one. */
export type Failure =
  | { readonly kind: 'usage'; readonly detail: string }
  | { readonly kind: 'config-not-found'; readonly searchedFrom: string }
  | { readonly kind: 'config-missing'; readonly path: string }
  | { readonly kind: 'config-unreadable'; readonly path: string; readonly detail: string }
  | { readonly kind: 'config-invalid'; readonly path: string; readonly diagnostics: readonly Diagnostic[] }
  | { readonly kind: 'unknown-vm'; readonly names: readonly string[]; readonly known: readonly string[] }
  | { readonly kind: 'already-initialized'; readonly path: string }
  | { readonly kind: 'write-failed'; readonly path: string; readonly detail: string }
  | { readonly kind: 'state-root-unusable'; readonly path: string; readonly detail: string }
  | { readonly kind: 'busy'; readonly command: string; readonly pid?: number; readonly startedAt?: string }
  | { readonly kind: 'preflight-failed'; readonly problems: readonly Diagnostic[] }
  /** An image could not be had; `detail` says what to do. `url` when it was to be downloaded. */
  | { readonly kind: 'image-failed'; readonly url?: string; readonly path?: string; readonly detail: string }
  | { readonly kind: 'overlay-failed'; readonly vm: string; readonly detail: string }
  | { readonly kind: 'seed-failed'; readonly vm: string; readonly detail: string }
  /** A key that was made once and that guests may know is damaged. */
  | { readonly kind: 'key-unusable'; readonly path: string; readonly detail: string }
  | {
      readonly kind: 'launch-failed';
      readonly vm: string;
      readonly detail: string;
      readonly qemuOutput: readonly string[];
      readonly serialTail: readonly string[];
      readonly logPath: string;
    }
  | {
      readonly kind: 'not-ready';
      readonly vm: string;
      readonly detail: string;
      readonly serialTail: readonly string[];
      readonly logPath: string;
    }
  /** It was not started, because VMs that it needs did not get ready. */
  | { readonly kind: 'dependency-failed'; readonly vm: string; readonly needs: readonly string[] }
  /** The VM would have to run for this. */
  | { readonly kind: 'not-running'; readonly vm: string; readonly detail: string }
  /** A serial console serves one at a time. */
  | { readonly kind: 'console-busy'; readonly vm: string }
  | { readonly kind: 'ssh-failed'; readonly vm: string; readonly detail: string }
  /** Whoever answered is not the machine whose key Castra made. */
  | { readonly kind: 'host-key-mismatch'; readonly vm: string; readonly detail: string }
  | { readonly kind: 'copy-failed'; readonly vm: string; readonly detail: string }
  | { readonly kind: 'export-failed'; readonly vm: string; readonly detail: string }
  | {
      readonly kind: 'unknown-project';
      readonly id: string;
      readonly known: readonly string[];
      /** More than one, when `id` may mean several. */
      readonly matching?: readonly string[];
    }
  | { readonly kind: 'clean-refused'; readonly path: string; readonly detail: string }
  | { readonly kind: 'shutdown-failed'; readonly vm: string; readonly detail: string }
  | { readonly kind: 'up-failed'; readonly vms: readonly VmUpResult[] }
  | { readonly kind: 'down-failed'; readonly vms: readonly VmDownResult[] }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'internal'; readonly detail: string };

export type FailureKind = Failure['kind'];

/** Process exit codes after BSD's sysexits.h; 130 is what a shell reports for SIGINT. */
export const exitCodes: Readonly<Record<FailureKind, number>> = {
  usage: 64,
  'config-not-found': 66,
  'config-missing': 66,
  'config-unreadable': 74,
  'config-invalid': 65,
  'unknown-vm': 64,
  'already-initialized': 73,
  'write-failed': 74,
  'state-root-unusable': 73,
  busy: 75,
  'preflight-failed': 70,
  'image-failed': 70,
  'overlay-failed': 70,
  'seed-failed': 70,
  'key-unusable': 70,
  'launch-failed': 70,
  'not-ready': 70,
  'dependency-failed': 70,
  'not-running': 70,
  'console-busy': 75,
  // What ssh itself exits with when it cannot connect.
  'ssh-failed': 255,
  'host-key-mismatch': 255,
  'copy-failed': 70,
  'export-failed': 70,
  'unknown-project': 66,
  'clean-refused': 70,
  'shutdown-failed': 70,
  'up-failed': 70,
  'down-failed': 70,
  cancelled: 130,
  internal: 70,
};

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

/** One or more lines for a person: what happened, then what to do. */
export function describe(failure: Failure): string {
  switch (failure.kind) {
    case 'usage':
      return failure.detail;
    case 'config-not-found':
      return `No castra.toml in ${failure.searchedFrom} or any folder above it. Run \`castra init\` to create one, or name one with --config.`;
    case 'config-missing':
      return `${failure.path} does not exist or is not a file. Check the path given with --config.`;
    case 'config-unreadable':
      return `Cannot read ${failure.path}: ${failure.detail}.`;
    case 'config-invalid':
      return describeInvalid(failure.path, failure.diagnostics);
    case 'unknown-vm':
      return `No VM or role named ${quoted(failure.names)} in this project. Known: ${failure.known.join(', ') || 'none'}.`;
    case 'already-initialized':
      return `${failure.path} exists already. Pass --force to overwrite it.`;
    case 'write-failed':
      return `Cannot write ${failure.path}: ${failure.detail}.`;
    case 'state-root-unusable':
      return `Cannot use the state root ${failure.path}: ${failure.detail}. Set CASTRA_HOME, or \`project.state_dir\` to a new folder, on a disk with free space.`;
    case 'busy':
      return describeBusy(failure);
    case 'preflight-failed':
      return [
        `${HOST_NOT_READY}:`,
        ...failure.problems.flatMap((problem) => [
          `- ${problem.message}`,
          ...(problem.help === undefined ? [] : [`  ${problem.help}`]),
        ]),
      ].join('\n');
    case 'image-failed':
      return failure.detail;
    case 'overlay-failed':
      return `${failure.vm}: cannot prepare its disk: ${failure.detail}`;
    case 'seed-failed':
      return `${failure.vm}: cannot prepare its seed disk: ${failure.detail}`;
    case 'key-unusable':
      return `${failure.path} cannot be used as an SSH key: ${failure.detail}. Put the right file back; or remove it together with its .pub file, stop the VMs that know it, and \`castra up\` makes a new one.`;
    case 'launch-failed':
      return describeLaunch(failure);
    case 'not-ready':
      return [
        `${failure.vm} is not ready: ${failure.detail}`,
        ...tail('last serial lines', failure.serialTail),
        `Serial log: ${failure.logPath}`,
        `It was left running: \`castra status\` shows whether it gets ready later, \`castra down ${failure.vm}\` stops it.`,
      ].join('\n');
    case 'dependency-failed':
      return `${failure.vm} was not started: it needs ${failure.needs.join(', ')}, which did not get ready. Correct that first; \`castra up ${failure.vm}\` starts what it needs too.`;
    case 'not-running':
      return `${failure.vm} does not run: ${failure.detail}`;
    case 'console-busy':
      return `Somebody is attached to the console of ${failure.vm} already. Wait until they leave, or read along with \`castra logs -f --source serial ${failure.vm}\`.`;
    case 'ssh-failed':
      return `${failure.vm} cannot be reached over SSH: ${failure.detail}`;
    case 'host-key-mismatch':
      return `${failure.vm} did not prove its identity: ${failure.detail}`;
    case 'copy-failed':
      return `${failure.vm}: the copy failed: ${failure.detail}`;
    case 'export-failed':
      return `${failure.vm} cannot be exported: ${failure.detail}`;
    case 'unknown-project':
      if (failure.matching)
        return `"${failure.id}" may mean ${failure.matching.join(' or ')}. Pass the id, or more of it; \`castra list\` shows where each is.`;
      return `No project "${failure.id}" is known here. Known: ${failure.known.join(', ') || 'none'}. \`castra list\` shows them; a project is known once \`castra up\` ran in it.`;
    case 'clean-refused':
      return `${failure.path} was not cleaned: ${failure.detail}`;
    case 'shutdown-failed':
      return `${failure.vm}: cannot be stopped: ${failure.detail}`;
    case 'up-failed':
      return summarize(failure.vms);
    case 'down-failed':
      return summarize(failure.vms);
    case 'cancelled':
      return 'Cancelled.';
    case 'internal':
      return `Castra met a bug of its own: ${failure.detail}. Please report it with the command you ran.`;
  }
}

function describeInvalid(path: string, diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error').length;
  return `${path} has ${errors === 1 ? '1 error' : `${errors} errors`}. Correct ${errors === 1 ? 'it' : 'them'} and run the command again; \`castra validate\` lists everything.`;
}

function describeBusy(failure: Extract<Failure, { kind: 'busy' }>): string {
  const holder = failure.pid === undefined ? 'another process' : `pid ${failure.pid}`;
  const since = failure.startedAt === undefined ? '' : ` since ${failure.startedAt}`;
  return `\`castra ${failure.command}\` (${holder}) has been changing this project${since}. Wait for it to end, or stop it, and try again.`;
}

function describeLaunch(failure: Extract<Failure, { kind: 'launch-failed' }>): string {
  return [
    `${failure.vm} did not start: ${failure.detail}`,
    ...tail('QEMU said', failure.qemuOutput),
    ...tail('last serial lines', failure.serialTail),
    `Log: ${failure.logPath}`,
  ].join('\n');
}

function tail(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`  ${title}:`, ...lines.map((line) => `    ${line}`)];
}

function summarize(vms: readonly (VmUpResult | VmDownResult)[]): string {
  return vms.flatMap((vm) => (vm.result === 'failed' ? [describe(vm.failure)] : [])).join('\n');
}

/** The text of anything thrown, without a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
