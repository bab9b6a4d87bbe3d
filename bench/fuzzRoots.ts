// Spoils state roots at random and runs every command on them: `npm run fuzz:roots [-- ROOTS [SEED]]`.
import { checkCommands, hostileProject, spoil } from '../test/support/hostileRoots.ts';

const ROOTS = Number(process.argv[2] ?? 1000);
const SEED = Number(process.argv[3] ?? 20261127);

process.env.FAKE_QEMU = '{}';
const started = performance.now();
for (let seed = SEED; seed < SEED + ROOTS; seed++) {
  const project = hostileProject();
  const done = spoil(project, seed);
  try {
    await checkCommands(project);
  } catch (error) {
    console.error(`seed ${seed} (${done.join(', ')}):`, error);
    process.exitCode = 1;
  }
  await project.dispose();
}
console.log(`${ROOTS} state roots from seed ${SEED} (${((performance.now() - started) / 1000).toFixed(0)} s)`);
