import { existsSync } from 'node:fs';
import {
  bootId,
  commandLine,
  findByCommandLine,
  identify,
  isOwnQemu,
  type ProcessIdentity,
} from '../process/identity.ts';
import { listNames, readTextIfAny } from './files.ts';
import { vmFiles } from './layout.ts';
import { type LaunchRecord, readRecord } from './record.ts';

/** What the process table says about a VM, now. */
export type Liveness =
  /** Never started, or stopped and cleared. */
  | { readonly kind: 'absent' }
  /** Proven to be our QEMU. */
  | { readonly kind: 'running'; readonly process: ProcessIdentity; readonly record?: LaunchRecord }
  /** QEMU ended by itself and in order: the guest powered off. Or the host was restarted since. */
  | { readonly kind: 'ended'; readonly record: LaunchRecord; readonly hostRestarted: boolean }
  /** QEMU is gone and left its pidfile behind: it crashed or was killed. */
  | { readonly kind: 'died'; readonly record?: LaunchRecord }
  /** The pidfile names a live process that is not our QEMU. */
  | { readonly kind: 'foreign'; readonly pid: number; readonly record?: LaunchRecord };

/** Reads files and the process table; changes nothing. */
export function inspectVm(stateRoot: string, vm: string): Liveness {
  const files = vmFiles(stateRoot, vm);
  const record = readRecord(stateRoot, vm);
  const pidfile = readTextIfAny(files.pidfile);
  const process = findProcess(files.pidfile, pidfile, record);
  if (process) return { kind: 'running', process, ...(record ? { record } : {}) };
  if (record && record.bootId !== bootId()) return { kind: 'ended', record, hostRestarted: true };
  const foreign = foreignPid(pidfile);
  if (foreign !== undefined) return { kind: 'foreign', pid: foreign, ...(record ? { record } : {}) };
  if (existsSync(files.pidfile)) return { kind: 'died', ...(record ? { record } : {}) };
  return record ? { kind: 'ended', record, hostRestarted: false } : { kind: 'absent' };
}

/** Our QEMU's process if it can be proven, from the record, the pidfile or, after a crash between both, a search. */
function findProcess(
  pidfilePath: string,
  pidfile: string | undefined,
  record?: LaunchRecord,
): ProcessIdentity | undefined {
  if (record && record.bootId !== bootId()) return undefined;
  const recorded = record?.pid === undefined ? undefined : identify(record.pid);
  if (recorded && recorded.startToken === record?.startToken) return recorded;
  const pid = parsePid(pidfile);
  const fromPidfile = pid === undefined ? undefined : identify(pid);
  if (fromPidfile && isOurCommandLine(fromPidfile.pid, pidfilePath, record)) return fromPidfile;
  if (record === undefined || record.pid !== undefined) return undefined;
  // The command was killed between starting QEMU and noting its pid, and QEMU has not written its pidfile yet.
  return findByCommandLine(record.uuid)
    .filter((found) => isOurCommandLine(found, pidfilePath, record))
    .map(identify)
    .find((found) => found !== undefined);
}

/**
 * The random uuid of the launch is proof; without a record, our own pidfile path is. As QEMU's options, for a `grep`
 * may have them as words; joined, for `ps` does not show where an argument with spaces ends.
 */
function isOurCommandLine(pid: number, pidfilePath: string, record?: LaunchRecord): boolean {
  if (!isOwnQemu(pid)) return false;
  const line = `${commandLine(pid)?.join(' ') ?? ''} `;
  return line.includes(record ? ` -uuid ${record.uuid} ` : ` -pidfile ${pidfilePath} `);
}

function foreignPid(pidfile: string | undefined): number | undefined {
  const pid = parsePid(pidfile);
  return pid !== undefined && identify(pid) ? pid : undefined;
}

function parsePid(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? '';
  return /^\d{1,10}$/.test(trimmed) ? Number(trimmed) : undefined;
}

/**
 * VMs that left a launch record or still run, whether or not castra.toml declares them. Any other file in the folder
 * is not ours, whatever it is called: `state_dir` is the user's choice.
 */
export function knownVms(stateRoot: string): string[] {
  const names = listNames(stateRoot).flatMap((name) => /^([a-z0-9-]+)\.(?:json|pid)$/.exec(name)?.[1] ?? []);
  return [...new Set(names)]
    .filter((vm) => readRecord(stateRoot, vm) ?? inspectVm(stateRoot, vm).kind === 'running')
    .sort();
}

export interface RunningVm {
  readonly vm: string;
  readonly live: Extract<Liveness, { kind: 'running' }>;
}

/** Every VM of a state root that runs, also one whose record and pidfile were deleted under it. */
export function runningVms(stateRoot: string): RunningVm[] {
  const known = knownVms(stateRoot).flatMap((vm): RunningVm[] => {
    const live = inspectVm(stateRoot, vm);
    return live.kind === 'running' ? [{ vm, live }] : [];
  });
  const strays = findByCommandLine(`${stateRoot}/`)
    .filter((pid) => known.every(({ live }) => live.process.pid !== pid))
    .flatMap((pid): RunningVm[] => {
      const process = identify(pid);
      const vm = vmByPidfile(stateRoot, pid);
      return process === undefined || vm === undefined ? [] : [{ vm, live: { kind: 'running', process } }];
    });
  return [...known, ...strays];
}

/** The VM whose pidfile is on a command line, as the value of QEMU's option and with a uuid, as `up` starts it. */
function vmByPidfile(stateRoot: string, pid: number): string | undefined {
  const line = ` ${commandLine(pid)?.join(' ') ?? ''} `;
  const [, after] = line.split(` -pidfile ${stateRoot}/`, 2);
  return isOwnQemu(pid) && line.includes(' -uuid ') ? /^([a-z0-9-]+)\.pid /.exec(after ?? '')?.[1] : undefined;
}
