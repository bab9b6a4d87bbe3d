// What the CLI costs beside Node itself: `npm run bench:cli`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLI, inTemporaryFolder, median, type RunOptions, run, timeMs } from './run.ts';

const WARM_UP = 3;
const RUNS = 20;

interface Case {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Alternating, so that a busy moment of the machine falls on all of them. */
function measure(cases: readonly Case[], options: RunOptions): Map<string, number[]> {
  const times = new Map(cases.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < WARM_UP + RUNS; round++) {
    for (const { name, args, env } of cases) {
      const elapsedMs = timeMs(() => run(process.execPath, args, { ...options, env: { ...options.env, ...env } }));
      if (round >= WARM_UP) times.get(name)?.push(elapsedMs);
    }
  }
  return times;
}

function printTable(times: ReadonlyMap<string, readonly number[]>): void {
  const floor = median([...times.values()][0] ?? []);
  console.log(`${'command'.padEnd(36)}${'median ms'.padStart(12)}${'min ms'.padStart(12)}${'ratio'.padStart(9)}`);
  for (const [name, values] of times) {
    const numbers = [median(values).toFixed(1), Math.min(...values).toFixed(1)].map((text) => text.padStart(12));
    console.log(`${name.padEnd(36)}${numbers.join('')}${(median(values) / floor).toFixed(2).padStart(9)}`);
  }
}

function smallProject(): string {
  return `version = "0.2.0"

[project]
name = "bench"

[[vms]]
name = "node"
count = 3
base_image = "base.qcow2"
cpus = 1
memory = "256 MiB"
`;
}

/** 200 lines: roles with everything a role usually has. */
function largeProject(): string {
  const lines = ['version = "0.2.0"', '', '[project]', 'name = "large"'];
  for (let role = 0; lines.length + 14 <= 200; role++) {
    lines.push(
      ...['', '[[vms]]', `name = "role-${role}"`, 'description = "One of many"', 'base_image = "base.qcow2"'],
      ...['cpus = 1', 'memory = "256 MiB"', 'count = 2', 'ready_timeout_secs = 60', '', '[[vms.port_forwards]]'],
      ...[`host = ${20_000 + role * 10}`, 'guest = 80', 'protocol = "tcp"'],
    );
  }
  while (lines.length < 200) lines.push('# the last lines say nothing');
  return `${lines.join('\n')}\n`;
}

await inTemporaryFolder((folder) => {
  const home = join(folder, 'home');
  // `castra up` has been here: compiled code is only kept in a home that exists.
  mkdirSync(home, { mode: 0o700 });
  const env = { ...process.env, CASTRA_HOME: home };
  const large = join(folder, 'large');
  mkdirSync(large);
  for (const place of [folder, large]) {
    run('qemu-img', ['create', '-q', '-f', 'qcow2', join(place, 'base.qcow2'), '1M']);
  }
  writeFileSync(join(folder, 'castra.toml'), smallProject());
  writeFileSync(join(large, 'castra.toml'), largeProject());
  const uncached = { CASTRA_CODE_CACHE: '0' };
  const cases: readonly Case[] = [
    { name: 'node -e 0', args: ['-e', '0'] },
    { name: 'castra --version', args: [CLI, '--version'] },
    { name: 'castra status (3 VMs, stopped)', args: [CLI, 'status'] },
    { name: 'castra validate (200 lines)', args: [CLI, 'validate', join(large, 'castra.toml')] },
    { name: 'castra status, no code cache', args: [CLI, 'status'], env: uncached },
    { name: 'castra validate, no code cache', args: [CLI, 'validate', join(large, 'castra.toml')], env: uncached },
  ];
  printTable(measure(cases, { cwd: folder, env }));
  console.log(`${RUNS} alternating runs after ${WARM_UP} to warm up; ratio to the first line`);
});
