/** https://www.gnu.org/software/tar/manual/html_node/Standard.html */
export const TAR_BLOCK = 512;

/**
 * The header of a tar archive, of every flavour: by its checksum, which v7 has as well as ustar, GNU and pax. It counts
 * all bytes, with spaces in place of itself.
 */
export function isTarHeader(block: Buffer): boolean {
  if (block.length < TAR_BLOCK || block[0] === 0) return false;
  const expected = octal(block, 148, 8);
  let sum = 0;
  for (let at = 0; at < TAR_BLOCK; at++) sum += at >= 148 && at < 156 ? 0x20 : (block[at] ?? 0);
  return expected === sum;
}

/** Undefined for what is not an octal number. */
function octal(block: Buffer, at: number, length: number): number | undefined {
  const digits = /^[ ]*([0-7]+)[ \0]*$/.exec(block.toString('latin1', at, at + length))?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
}

/** A size or an offset: octal, or in GNU's form for large numbers big-endian behind a set bit. Fails on neither. */
export function tarNumber(block: Buffer, at: number, length: number): number {
  if (((block[at] ?? 0) & 0x80) !== 0) return Number(block.readBigUInt64BE(at + length - 8));
  const value = octal(block, at, length);
  if (value === undefined) throw new Error('a number in its tar header is damaged');
  return value;
}
