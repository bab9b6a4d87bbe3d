import { describe, it } from 'node:test';
import { checkSeed } from '../../support/hostileRoots.ts';

/** `npm run fuzz:roots` does a thousand. */
const ROOTS = 40;
const SEED = 20261127;

describe('a state root in which anything was replaced by garbage, a link, a FIFO, a folder or a copy', () => {
  it('makes no command hang, fail with a bug or change anything outside of it', async () => {
    for (let seed = SEED; seed < SEED + ROOTS; seed++) await checkSeed(seed);
  });
});
