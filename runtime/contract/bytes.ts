/** `512 B`, `3.1 MiB`: for people, in a terminal as in a window. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let amount = bytes / 1024;
  let unit = 'KiB';
  for (const next of ['MiB', 'GiB', 'TiB']) {
    if (amount < 1024) break;
    amount /= 1024;
    unit = next;
  }
  return `${amount.toFixed(1)} ${unit}`;
}
