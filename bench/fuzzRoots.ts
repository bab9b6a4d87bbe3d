// Spoils state roots at random and runs every command on them: `npm run fuzz:roots [-- ROOTS [SEED]]`.
import { checkSeed } from '../test/support/hostileRoots.ts';

const ROOTS = Number(process.argv[2] ?? 1000);
const SEED = Number(process.argv[3] ?? 20261127);

const started = performance.now();
for (let seed = SEED; seed < SEED + ROOTS; seed++) {
  await checkSeed(seed).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}
console.log(`${ROOTS} state roots from seed ${SEED} (${((performance.now() - started) / 1000).toFixed(0)} s)`);
