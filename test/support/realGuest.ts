import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** The real QEMU with the guest of test/guest, under emulation: seconds per boot. */
export const REAL = { real: true } as const;

type Guest = { readonly image: string } | { readonly missing: string };

function findGuest(): Guest {
  const given = process.env.CASTRA_TEST_GUEST;
  if (given) return existsSync(given) ? { image: given } : { missing: `CASTRA_TEST_GUEST=${given} does not exist` };
  const { status, stdout, stderr, error } = spawnSync('test/guest/build', { encoding: 'utf8' });
  const image = stdout?.trim().split('\n').at(-1) ?? '';
  if (status === 0 && existsSync(image)) return { image };
  return { missing: `test/guest/build failed: ${error?.message ?? stderr.trim().split('\n').at(-1)}` };
}

export const guest = findGuest();
