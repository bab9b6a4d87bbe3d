import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { down, status, up } from '../../runtime/api.ts';
import { tempProject } from '../../test/support/tempProject.ts';
import { median } from '../run.ts';
import { TOML } from './rig.ts';

const CYCLES = 15;
const WARM_UP = 5;
/**
 * Of the median of the last five cycles over that of the first five after the warm-up. Heap snapshots 60 cycles apart
 * differ by 0.4 MB of machine code, which V8 still compiles, and by no object of ours.
 */
const MAY_GROW_BYTES = 1_000_000;

interface Sample {
  readonly heap: number;
  readonly files: number;
}

/** A program that starts and stops VMs for weeks: its heap and its open files stay what they are. */
export async function checkMemory(): Promise<string> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const project = tempProject(TOML);
  const settings = { home: project.home, accelerator: 'tcg' } as const;
  const options = { config: { kind: 'file', path: project.configPath }, settings } as const;
  const samples: Sample[] = [];
  try {
    for (let cycle = 0; cycle < WARM_UP + CYCLES; cycle++) {
      await up({ ...options, force: true });
      await status(options);
      await down(options);
      collect();
      samples.push({ heap: process.memoryUsage().heapUsed, files: openFiles() });
    }
  } finally {
    await project.dispose();
  }
  const [first, last] = [samples.slice(WARM_UP, WARM_UP + 5), samples.slice(-5)];
  const grown = median(last.map(({ heap }) => heap)) - median(first.map(({ heap }) => heap));
  const files = (last.at(-1)?.files ?? 0) - (first[0]?.files ?? 0);
  assert.ok(grown < MAY_GROW_BYTES, `the heap grew by ${grown} bytes in ${CYCLES} cycles`);
  assert.ok(files <= 0, `${files} more files are open after ${CYCLES} cycles`);
  return `heap ${(grown / 1000).toFixed(0)} kB and ${files} open files more after ${CYCLES} cycles in one process`;
}

const openFiles = (): number => (existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0);
