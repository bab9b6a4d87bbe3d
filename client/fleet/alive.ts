import { identify } from '../../runtime/process/identity.ts';

/** Whether the process is there, asked once a second. Where the process table is a program, a signal that does nothing. */
export function isAlive(pid: number): boolean {
  if (process.platform === 'linux') return identify(pid) !== undefined;
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
