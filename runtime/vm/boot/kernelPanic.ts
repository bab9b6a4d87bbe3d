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
