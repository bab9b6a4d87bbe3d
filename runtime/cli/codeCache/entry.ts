import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** What V8 made of one file, and which commands ran with it so far: their functions are in it. */
export interface Entry {
  readonly code: Buffer;
  readonly verbs: readonly string[];
}

const FOR_OTHERS = 0o022;
const LARGEST = 16 * 1024 * 1024;
const HEADER_BYTES = 1024;

/**
 * Undefined for a file that is missing, not ours alone, made of something else than `id` says, or damaged. V8 does not
 * notice damage and crashes, so the code is in the file twice: comparing takes a twentieth of what a checksum would.
 */
export function readEntry(path: string, id: string): Entry | undefined {
  const bytes = readOwn(path);
  if (bytes === undefined || bytes.length <= HEADER_BYTES) return undefined;
  const [found, verbs = ''] = bytes.toString('utf8', 0, HEADER_BYTES).trimEnd().split('\n');
  const middle = HEADER_BYTES + (bytes.length - HEADER_BYTES) / 2;
  if (found !== id || !Number.isInteger(middle)) return undefined;
  const code = bytes.subarray(HEADER_BYTES, middle);
  return code.equals(bytes.subarray(middle)) ? { code, verbs: verbs.split(' ') } : undefined;
}

function readOwn(path: string): Buffer | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    const isOurs = stat.uid === process.getuid?.() && (stat.mode & FOR_OTHERS) === 0 && stat.nlink === 1;
    return isOurs && stat.isFile() && stat.size <= LARGEST ? readFileSync(file) : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** As a whole or not at all. Throws what the system says. */
export function writeEntry(path: string, id: string, { code, verbs }: Entry): void {
  const header = Buffer.alloc(HEADER_BYTES, ' ');
  if (header.write(`${id}\n${verbs.join(' ')}\n`) >= HEADER_BYTES) return;
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, Buffer.concat([header, code, code]), { mode: 0o600, flag: 'wx' });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
