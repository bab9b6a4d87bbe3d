import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** The server ends its extension hosts itself when it is asked to; deactivate() of an extension may take 5 s. */
const POLITE_MS = 6000;
const POLL_MS = 20;

/**
 * Ends a server and all that comes from it. Extension hosts, terminals and what extensions start have nothing of a test
 * on their command lines, and some leave the process group; but all inherit the TMPDIR that only this server has.
 */
export async function endProcesses(child: ChildProcess, env: NodeJS.ProcessEnv): Promise<void> {
  const mark = `TMPDIR=${env.TMPDIR}\0`;
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  for (let waited = 0; waited < POLITE_MS && findByEnvironment(mark).length > 0; waited += POLL_MS)
    await delay(POLL_MS);
  // Again until there are none: one that is about to be killed may have started another.
  for (let left = findByEnvironment(mark); left.length > 0; left = findByEnvironment(mark)) {
    for (const pid of left) kill(pid);
    await delay(POLL_MS);
  }
}

/** Pids of running processes whose environment has `text`. Of other users' it cannot be read. */
export function findByEnvironment(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        // Of a zombie it is empty.
        return readFileSync(`/proc/${name}/environ`, 'latin1').includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
