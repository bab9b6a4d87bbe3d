import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** A panic's stack trace takes 2 to 8 KiB; what matters is the end of the log. */
const SEARCHED_BYTES = 64 * 1024;
/** Each line that the kernel prints has its time before it; a console without times has the marks alone. */
const KERNEL_LINE = /^(?:\[ *\d+\.\d+\]|---\[|$)/;

/**
 * The kernel panic that a serial log ends with: its text, or undefined. A guest that printed anything of its own
 * afterwards, such as the next boot or a login prompt, is alive.
 */
export function findKernelPanic(text: string): string | undefined {
  const lines = text.split(/\r*\n/);
  const at = lines.findLastIndex((line) => /Kernel panic - not syncing: /.test(line) && !line.includes('---[ end'));
  if (at < 0 || !lines.slice(at + 1).every((line) => KERNEL_LINE.test(line))) return undefined;
  return /not syncing: (.*)$/
    .exec(lines[at] ?? '')?.[1]
    ?.replace(/\p{Cc}/gu, '')
    .trim();
}

/** The kernel panic at the end of a serial log file; undefined also when the log cannot be read. */
export function readKernelPanic(serialLog: string): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(serialLog, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, SEARCHED_BYTES));
    const read = readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return findKernelPanic(bytes.toString('utf8', 0, read));
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
