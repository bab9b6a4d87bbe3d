import { describe, it } from 'node:test';
import { checkCommands, hostileProject, spoil } from '../../support/hostileRoots.ts';

/** `npm run fuzz:roots` does a thousand. */
const ROOTS = 40;
const SEED = 20261127;

describe('a state root in which anything was replaced by garbage, a link, a FIFO, a folder or a copy', () => {
  it('makes no command hang, fail with a bug or change anything outside of it', async () => {
    process.env.FAKE_QEMU = '{}';
    for (let seed = SEED; seed < SEED + ROOTS; seed++) {
      const project = hostileProject();
      const done = spoil(project, seed);
      try {
        await checkCommands(project);
      } catch (error) {
        throw new Error(`seed ${seed}: ${done.join(', ')}`, { cause: error });
      } finally {
        await project.dispose();
      }
    }
  });
});
