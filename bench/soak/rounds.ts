import { setTimeout as delay } from 'node:timers/promises';
import type { Rig } from './rig.ts';

/** Something that is done to a project; `below` gives the next random number. */
export type Round = (rig: Rig, below: (limit: number) => number) => Promise<void>;

/** A project that is being changed answers 75, and what was killed in the middle may be in state error (1). */
const BUSY_OR_DONE = [0, 75];

/** `castra` is killed at a moment of its work, several times, and the project looked at each time. */
const killUp: Round = async (rig, below) => {
  for (let left = 1 + below(3); left > 0; left--) await killAfter(rig, ['up'], below(1500));
};

const killDown: Round = async (rig, below) => {
  await rig.run(['up']);
  for (let left = 1 + below(2); left > 0; left--) await killAfter(rig, ['down'], below(700));
};

async function killAfter(rig: Rig, args: readonly string[], ms: number): Promise<void> {
  const { child, result } = rig.start(args);
  await Promise.race([delay(ms), result]);
  // Only this process: its QEMUs live on, as they do for a user.
  child.kill('SIGKILL');
  await result;
  await rig.checkNow();
}

const CROWD: readonly (readonly [args: readonly string[], codes: readonly number[]])[] = [
  [['up'], BUSY_OR_DONE],
  [['up', 'web-0'], BUSY_OR_DONE],
  [['up', '--no-wait'], BUSY_OR_DONE],
  [['down'], BUSY_OR_DONE],
  [['down', 'web'], BUSY_OR_DONE],
  [
    ['status', '--json'],
    [0, 1],
  ],
  [['status'], [0, 1]],
  [['ports'], [0]],
  [['list'], [0]],
  [['logs', '--json'], [0]],
  [['ssh-config'], [0]],
  [['validate'], [0]],
];

/** Twelve commands at once, in any order. */
const crowd: Round = async (rig, below) => {
  if (below(2) === 0) await rig.run(['up']);
  const left = [...CROWD];
  const commands = Array.from(CROWD, () => left.splice(below(left.length), 1)).flat();
  await Promise.all(commands.map(([args, codes]) => rig.run(args, codes)));
  await rig.checkNow();
};

const cycles: Round = async (rig, below) => {
  for (let left = 2 + below(3); left > 0; left--) {
    await rig.run(['up', ...(below(2) === 0 ? [] : ['web-1'])]);
    await rig.checkNow();
    await rig.run(['down', ...(below(3) === 0 ? ['db'] : [])]);
  }
};

export const ROUNDS: Readonly<Record<string, Round>> = { killUp, killDown, crowd, cycles };
