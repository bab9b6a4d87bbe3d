// What the last lines of a large log cost: `npm run bench:logs`.
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { claimRoot } from '../runtime/state/stateRoot.ts';
import { CLI, inTemporaryFolder, median, run, timeMs } from './run.ts';

const WARM_UP = 2;
const RUNS = 15;
const LOG_BYTES = 1024 ** 3;

const TOML = `version = "0.1.0"

[project]
name = "bench"
state_dir = "state"

[[vms]]
name = "web"
base_image = "base.qcow2"
cpus = 1
memory = "256 MiB"
`;

/** Lines as a kernel writes them, all different enough; one block is made and written again and again. */
function writeLog(path: string): void {
  let block = '';
  for (let line = 0; block.length < 4 * 1024 ** 2; line++) {
    block += `[${(line / 1000).toFixed(6).padStart(12)}] virtio_net virtio0 eth0: line ${line} of the log\r\n`;
  }
  const bytes = Buffer.from(block);
  const file = openSync(path, 'w', 0o600);
  for (let written = 0; written < LOG_BYTES; ) written += writeSync(file, bytes);
  closeSync(file);
}

interface Case {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}

await inTemporaryFolder((folder) => {
  const logs = join(folder, 'state', 'logs');
  writeFileSync(join(folder, 'castra.toml'), TOML);
  claimRoot(join(folder, 'home'), { stateRoot: join(folder, 'state'), configPath: join(folder, 'castra.toml') });
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const log = join(logs, 'web-serial.log');
  run('qemu-img', ['create', '-q', '-f', 'qcow2', join(folder, 'base.qcow2'), '1M']);
  writeLog(log);
  const cases: readonly Case[] = [
    { name: 'tail -n 100', program: 'tail', args: ['-n', '100', log] },
    { name: 'node -e 0', program: process.execPath, args: ['-e', '0'] },
    { name: 'castra logs --tail 100', program: process.execPath, args: [CLI, 'logs', '--tail', '100', 'web'] },
  ];
  const options = { cwd: folder, env: { ...process.env, CASTRA_HOME: join(folder, 'home') } };
  const times = cases.map((): number[] => []);
  for (let round = 0; round < WARM_UP + RUNS; round++) {
    for (const [index, { program, args }] of cases.entries()) {
      const elapsedMs = timeMs(() => run(program, args, options));
      if (round >= WARM_UP) times[index]?.push(elapsedMs);
    }
  }
  const medians = times.map(median);
  for (const [index, { name }] of cases.entries()) {
    const numbers = [medians[index] ?? Number.NaN, Math.min(...(times[index] ?? []))];
    console.log(`${name.padEnd(28)}${numbers.map((number) => `${number.toFixed(1)} ms`.padStart(12)).join('')}`);
  }
  const [tail = Number.NaN, node = Number.NaN, castra = Number.NaN] = medians;
  console.log(`1 GiB log; median and least of ${RUNS} alternating runs after ${WARM_UP} to warm up`);
  console.log(`castra / (tail + node): ${(castra / (tail + node)).toFixed(2)}`);
});
