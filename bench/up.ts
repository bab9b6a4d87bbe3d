// What `castra up` costs beside QEMU itself: `npm run bench:up`.
//
// `castra up --no-wait` of one VM, in turn with the same QEMU command line started by hand. By hand means: start it
// and wait for the greeting on its QMP socket; the overlay is made before the clock starts. So the difference holds
// Castra's own process, its checks, its records and the overlay.
import type { ChildProcess } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { VmLaunch } from '../runtime/contract/vms.ts';
import { end, prepareByHand, qmpSocketOf, type RecordedStart, recordStart, startByHand } from './byHand.ts';
import { CLI, inTemporaryFolder, median, type RunOptions, run, timeMs } from './run.ts';

const WARM_UP = 1;
const RUNS = 10;
const GREETING_TIMEOUT_MS = 15_000;
const ROLE = 'bench';
const VM = `${ROLE}-0`;

interface Up {
  readonly elapsedMs: number;
  readonly launch: VmLaunch;
  readonly stateRoot: string;
}

function castraUp(options: RunOptions): Up {
  let output = '';
  const elapsedMs = timeMs(() => {
    output = run(process.execPath, [CLI, 'up', '--no-wait', '--json'], options);
  });
  const { stateRoot, vms } = decodeOutcome(output.trim().split('\n').at(-1) ?? '');
  return { elapsedMs, stateRoot, launch: vms[0].launch };
}

interface LaunchedOutcome {
  readonly stateRoot: string;
  readonly vms: readonly [{ readonly launch: VmLaunch }];
}

/** The contract is ours (runtime/contract/stream.ts), so one look at its tag suffices. */
function decodeOutcome(line: string): LaunchedOutcome {
  const value = JSON.parse(line) as { readonly type: string; readonly outcome: LaunchedOutcome };
  if (value.type !== 'command.completed') throw new Error(line);
  return value.outcome;
}

/** No power button: the guest is not up yet, and its disk is thrown away. */
function castraDown(options: RunOptions): void {
  run(process.execPath, [CLI, 'down', '--graceful-wait-secs', '0'], options);
}

async function byHand(start: RecordedStart): Promise<number> {
  prepareByHand(start);
  const socket = qmpSocketOf(start.command);
  const started = performance.now();
  const child = startByHand(start);
  try {
    await greeting(socket, child);
    return performance.now() - started;
  } finally {
    await end(child);
  }
}

async function greeting(path: string, child: ChildProcess): Promise<void> {
  const end = performance.now() + GREETING_TIMEOUT_MS;
  while (performance.now() < end) {
    if (child.exitCode !== null) throw new Error(`QEMU ended with code ${child.exitCode}`);
    if (existsSync(path) && (await isGreeted(path))) return;
    await delay(1);
  }
  throw new Error('QEMU did not greet on its QMP socket');
}

function isGreeted(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path);
    socket.once('error', () => done(false));
    socket.once('data', (data) => {
      socket.destroy();
      done(data.includes('"QMP"'));
    });
  });
}

function writeProject(folder: string, image: string): void {
  const config = [
    ...['version = "0.2.0"', '', '[project]', 'name = "bench"', '', '[[vms]]', `name = "${ROLE}"`],
    ...[`base_image = ${JSON.stringify(image)}`, 'cpus = 1', 'memory = "256 MiB"', ''],
  ];
  writeFileSync(join(folder, 'castra.toml'), config.join('\n'));
}

await inTemporaryFolder(async (folder) => {
  const image = run(join(process.cwd(), 'test/guest/build'), []).trim();
  const env = { ...process.env, CASTRA_HOME: join(folder, 'home'), CASTRA_ACCELERATOR: 'tcg' };
  const options = { cwd: folder, env };
  writeProject(folder, image);
  const ups: number[] = [];
  const hands: number[] = [];
  for (let round = 0; round < WARM_UP + RUNS; round++) {
    const up = castraUp(options);
    const start = recordStart(up.stateRoot, VM, up.launch);
    castraDown(options);
    const hand = await byHand(start);
    if (round < WARM_UP) continue;
    ups.push(up.elapsedMs);
    hands.push(hand);
  }
  const differences = ups.map((value, index) => value - (hands[index] ?? Number.NaN));
  console.log(`castra up --no-wait      median ${median(ups).toFixed(1)} ms, min ${Math.min(...ups).toFixed(1)} ms`);
  console.log(
    `QEMU by hand, to QMP     median ${median(hands).toFixed(1)} ms, min ${Math.min(...hands).toFixed(1)} ms`,
  );
  console.log(`difference               median ${median(differences).toFixed(1)} ms over ${RUNS} alternating runs`);
});
