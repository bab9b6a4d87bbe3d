import { open } from 'node:fs/promises';

export type Packing = 'gz' | 'xz' | 'zst';

const MAGICS: readonly (readonly [Packing, string])[] = [
  ['gz', '1f8b08'],
  ['xz', 'fd377a585a00'],
  ['zst', '28b52ffd'],
];

/** How a file is packed, by its first bytes; undefined when it is not. */
export async function detectPacking(path: string): Promise<Packing | undefined> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
    const head = buffer.subarray(0, bytesRead).toString('hex');
    return MAGICS.find(([, magic]) => head.startsWith(magic))?.[0];
  } finally {
    await file.close();
  }
}
