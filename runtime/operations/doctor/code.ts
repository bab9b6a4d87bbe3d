import { existsSync } from 'node:fs';
import { codeFolder, foldersOfCode, notOurs } from '../../process/codeFolder.ts';
import { bytesBelow } from '../clean/code.ts';
import { type Check, fine, problem } from './finding.ts';

const CHECK = 'home.code';

/** Compiled code makes commands start faster. Without it they work all the same, so nothing here is an error. */
export const checkCode: Check = ({ settings: { home }, variables }) => {
  const path = codeFolder(home);
  if (variables.CASTRA_CODE_CACHE === '0')
    return [fine(CHECK, 'Compiled code is not kept (CASTRA_CODE_CACHE=0)', { path, used: false })];
  for (const folder of foldersOfCode(home)) {
    const why = notOurs(folder);
    if (why === undefined) continue;
    const message = `Commands start without compiled code, because ${folder} ${why}.`;
    const fix = folder === home ? `chmod 700 ${home}, if it is yours.` : `rm -r ${folder}`;
    return [problem('info', CHECK, message, fix, { path, used: false })];
  }
  if (!existsSync(path)) return [fine(CHECK, 'There is no compiled code yet', { path, used: true, bytes: 0 })];
  const bytes = bytesBelow(path);
  const size = `${(bytes / 1_000_000).toFixed(1)} MB`;
  return [fine(CHECK, `Compiled code that makes commands start faster takes ${size}`, { path, used: true, bytes })];
};
