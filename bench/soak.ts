// Kills, crowds and repeats commands at random, and looks at what is left: `npm run soak [-- ROUNDS [SEED]]`.
//
// With the real QEMU and disks that have nothing on them: the firmware's words on the serial console are the ready signal.
import { createRandom } from '../test/runtime/config/toml/fuzz.ts';
import { checkMemory } from './soak/memory.ts';
import { openRig } from './soak/rig.ts';
import { ROUNDS as KINDS, type Round } from './soak/rounds.ts';

const COUNT = Number(process.argv[2] ?? 60);
const SEED = Number(process.argv[3] ?? Date.now() % 1_000_000);

/** One seed for each round, so that a failure is repeated without the rounds before it: `npm run soak -- 1 SEED`. */
async function runRound(seed: number): Promise<string> {
  const random = createRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const names = Object.keys(KINDS);
  const name = names[below(names.length)] ?? '';
  const rig = openRig();
  try {
    const round: Round | undefined = KINDS[name];
    await round?.(rig, below);
    await rig.checkEnd();
    return name;
  } catch (error) {
    throw new Error(`${name}, seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
  } finally {
    await rig.dispose();
  }
}

console.log(`${COUNT} rounds from seed ${SEED}`);
const started = performance.now();
const counts = new Map<string, number>();
let failed = 0;
for (let seed = SEED; seed < SEED + COUNT; seed++) {
  try {
    const name = await runRound(seed);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  } catch (error) {
    failed++;
    console.error(`FAILED ${error instanceof Error ? error.message : error}`);
  }
}
const memory = await checkMemory().catch((error: unknown) => {
  failed++;
  return `FAILED ${error instanceof Error ? error.message : error}`;
});
const seconds = ((performance.now() - started) / 1000).toFixed(0);
const passed = [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
console.log(`${passed}; ${failed} failed; ${memory} (${seconds} s, seed ${SEED})`);
process.exitCode = failed === 0 ? 0 : 1;
