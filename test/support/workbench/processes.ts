import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** VS Code gives the deactivate() of extensions 5 s, then it kills their host (microsoft/vscode#47881). */
const DEACTIVATE_MS = 6000;
const POLL_MS = 100;

/** What only processes of one workbench have in their environment: its TMPDIR. */
export function markOf(env: NodeJS.ProcessEnv): string {
  return `TMPDIR=${env.TMPDIR}\0`;
}

/** After the window has gone its extension host ends, unless it hangs or was about to start when its window went. */
export async function waitForHosts(mark: string): Promise<void> {
  const isHost = (pid: number) => read(`/proc/${pid}/cmdline`).includes('--type=extensionHost');
  const deadline = performance.now() + DEACTIVATE_MS;
  while (performance.now() < deadline && findByEnvironment(mark).some(isHost)) await delay(POLL_MS);
}

/**
 * Ends a server and all that comes from it. Extension hosts, terminals and what extensions start have nothing of a test
 * on their command lines, and some leave the process group, but they inherit the mark. With SIGKILL: at SIGTERM the
 * server leaves its extension hosts behind, and aborts in a native module.
 */
export async function endProcesses(mark: string): Promise<void> {
  // Again until there are none: one that is about to be killed may have started another.
  for (let left = findByEnvironment(mark); left.length > 0; left = findByEnvironment(mark)) {
    for (const pid of left) kill(pid);
    await delay(POLL_MS);
  }
}

/** Pids of running processes whose environment has `text`. Of zombies and of other users' it cannot be read. */
export function findByEnvironment(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => read(`/proc/${name}/environ`).includes(text))
    .map(Number);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
