import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readTextIfAny, writeFileAtomic } from '../../runtime/state/files.ts';
import { type CmdTarget, cmdLauncher, shellLauncher } from './launcher.ts';

/** Only code in it, and no secrets: others who may read the folder may run it. */
const PROGRAM_MODE = 0o755;

/**
 * Writes `castra` and `castra.cmd` into a folder, and only what differs: each window does it at each start, and a
 * terminal may be about to run them. Throws what the file system says.
 */
export function writeLaunchers(folder: string, target: CmdTarget): void {
  mkdirSync(folder, { recursive: true });
  // Git Bash on Windows takes the one for sh.
  writeProgram(join(folder, 'castra'), shellLauncher(target));
  writeProgram(join(folder, 'castra.cmd'), cmdLauncher(target));
}

function writeProgram(path: string, text: string): void {
  if (readTextIfAny(path) !== text) writeFileAtomic(path, text, PROGRAM_MODE);
  // The mode of a new file is cut by the umask.
  if ((statSync(path).mode & 0o100) === 0) chmodSync(path, PROGRAM_MODE);
}
