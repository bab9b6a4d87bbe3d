import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

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

/** Pids whose command line contains `text`; used to find a QEMU whose pidfile was never written. */
export function findByCommandLine(text: string): number[] {
  if (process.platform !== 'linux') {
    const listing = capture('ps', ['-axww', '-o', 'pid=,command=']);
    return listing.split('\n').flatMap((line) => (line.includes(text) ? [Number.parseInt(line, 10)] : []));
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && readText(`/proc/${name}/cmdline`)?.includes(text))
    .map(Number);
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
