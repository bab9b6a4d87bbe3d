import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * Which process a pid means. A pid alone proves nothing: it is given to another process after a crash or a reboot
 * (a Colima user's stale pid had become a system daemon). The start token differs for every process that ever had
 * the pid on this host.
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startToken: string;
}

/** Changes with every boot of the host; empty where the platform does not report it. */
export function bootId(): string {
  if (process.platform === 'linux') return readText('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  if (process.platform === 'darwin') return capture('sysctl', ['-n', 'kern.boottime']);
  return '';
}

/** Undefined when no such process runs. A zombie does not run: it holds no lock, no port and no file. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 1) return undefined;
  const startToken = process.platform === 'linux' ? linuxStartToken(pid) : psStartToken(pid);
  return startToken === undefined ? undefined : { pid, startToken };
}

export function isSameProcess(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startToken === identity.startToken;
}

/** The argument vector of a process, or undefined when it cannot be read. */
export function commandLine(pid: number): readonly string[] | undefined {
  if (process.platform === 'linux') {
    const raw = readText(`/proc/${pid}/cmdline`);
    return raw ? raw.split('\0').slice(0, -1) : undefined;
  }
  const line = capture('ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
  return line ? line.split(' ') : undefined;
}

/** A process of another user is never ours, whatever its command line says. */
function isOwn(pid: number): boolean {
  if (process.getuid === undefined) return true;
  if (process.platform !== 'linux')
    return capture('ps', ['-o', 'uid=', '-p', String(pid)]) === String(process.getuid());
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === process.getuid();
}

/** Whether a process of this user is a QEMU, by its executable or, for a wrapper script, by the program that it runs. */
export function isOwnQemu(pid: number): boolean {
  const [program = '', script = ''] = commandLine(pid) ?? [];
  return isOwn(pid) && [readLink(`/proc/${pid}/exe`), program, script].some((path) => /qemu/i.test(basename(path)));
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** Pids of this user's processes whose command line contains `text`; finds a QEMU whose pidfile was never written. */
export function findByCommandLine(text: string): number[] {
  if (process.platform !== 'linux') {
    const listing = capture('ps', ['-axww', '-o', 'pid=,command=']);
    return listing
      .split('\n')
      .flatMap((line) => (line.includes(text) ? [Number.parseInt(line, 10)] : []))
      .filter(isOwn);
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && readText(`/proc/${name}/cmdline`)?.includes(text))
    .map(Number)
    .filter(isOwn);
}

/** proc(5): the command name may hold spaces and parentheses, so fields are counted from the last one. */
function linuxStartToken(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  return state === 'Z' || state === 'X' ? undefined : `${bootId()}:${fields[19]}`;
}

function psStartToken(pid: number): string | undefined {
  if (process.platform === 'win32') return undefined;
  const [state, ...started] = capture('ps', ['-o', 'stat=,lstart=', '-p', String(pid)])
    .trim()
    .split(/\s+/);
  return !state || state.startsWith('Z') ? undefined : started.join(' ');
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Standard output, or nothing when the program fails: `ps` exits 1 for "no such process". */
function capture(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
    }).trim();
  } catch {
    return '';
  }
}
