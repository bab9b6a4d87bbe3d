/** Multiples of one MiB; `kb`, `mb` and `gb` are binary too, as in the original. */
const unitsInMiB: Readonly<Record<string, number>> = {
  b: 1 / 1024 / 1024,
  bytes: 1 / 1024 / 1024,
  k: 1 / 1024,
  kb: 1 / 1024,
  kib: 1 / 1024,
  m: 1,
  mb: 1,
  mib: 1,
  g: 1024,
  gb: 1024,
  gib: 1024,
  t: 1024 * 1024,
  tb: 1024 * 1024,
  tib: 1024 * 1024,
};

/** Less does not boot anything; more does not exist and would overflow on its way to QEMU. */
export const MIN_MEMORY_MIB = 32;
export const MAX_MEMORY_MIB = 16 * 1024 * 1024;

/** More than any file system holds. */
export const MAX_DISK_MIB = 1024 * 1024 * 1024;

export type ParsedMemory =
  | { readonly kind: 'memory'; readonly mib: number }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'too-little' }
  | { readonly kind: 'too-much' };

/** `"2 GiB"`, `"2GiB"`, `"1.5g"`, or a number of MiB. Rounded down to whole MiB; undefined when it is not a size. */
export function parseMiB(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,15})?)\s*([a-z]*)$/i.exec(text.trim());
  const unit = match?.[2] === '' ? 1 : unitsInMiB[match?.[2]?.toLowerCase() ?? ''];
  return match && unit !== undefined ? Math.floor(Number(match[1]) * unit) : undefined;
}

export function parseMemory(text: string): ParsedMemory {
  const mib = parseMiB(text);
  if (mib === undefined) return { kind: 'malformed' };
  if (mib < MIN_MEMORY_MIB) return { kind: 'too-little' };
  return mib > MAX_MEMORY_MIB ? { kind: 'too-much' } : { kind: 'memory', mib };
}
