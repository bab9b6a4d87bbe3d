import { accessSync, constants, existsSync, lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DoctorFinding } from '../../contract/doctor.ts';
import { type Check, fine, problem } from './finding.ts';

/** Castra's home holds guests' disks and keys: no other user may look into it, and we must be able to write. */
export const checkHome: Check = ({ settings: { home } }) => [
  existsSync(home) || isDangling(home) ? judgeHome(home) : judgeParent(home),
];

const CHECK = 'home.folder';
const isDangling = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

function judgeHome(path: string): DoctorFinding {
  const stat = lstatSync(path);
  const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
  const details = { path, exists: true, mode, uid: stat.uid };
  const bad = (message: string, fix: string) => problem('error', CHECK, message, fix, details);
  if (!stat.isDirectory())
    return bad(`${path} is not a folder.`, 'Set CASTRA_HOME to a folder, not to a file or a link.');
  if (process.getuid !== undefined && stat.uid !== process.getuid()) {
    return bad(`${path} belongs to another user (uid ${stat.uid}).`, 'Set CASTRA_HOME to a folder of your own.');
  }
  if (!isWritable(path)) return bad(`${path} is not writable (mode ${mode}).`, `chmod 700 ${path}`);
  if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0) {
    return problem(
      'warning',
      CHECK,
      `${path} is accessible to other users (mode ${mode}).`,
      `chmod 700 ${path}`,
      details,
    );
  }
  return fine(CHECK, `Castra's home is ${path}, and only you can read it`, details);
}

function judgeParent(home: string): DoctorFinding {
  let parent = dirname(home);
  while (!existsSync(parent) && dirname(parent) !== parent) parent = dirname(parent);
  const details = { path: home, exists: false };
  if (isWritable(parent))
    return fine(CHECK, `Castra's home ${home} will be created by the first \`castra up\``, details);
  const message = `Castra's home ${home} cannot be created: ${parent} is not writable.`;
  return problem('error', CHECK, message, 'Set CASTRA_HOME to a folder of your own.', details);
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
