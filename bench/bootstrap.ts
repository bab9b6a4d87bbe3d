// What a bootstrap costs beside the system's own tools, in the test guest: 10,000 small files against `scp -r` and
// `tar | ssh`, one file of 200 MB against scp, and a bootstrap with nothing to do against two commands over ssh. The
// ways alternate; each starts with an empty folder in the guest.

import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLI, inTemporaryFolder, median, type RunOptions, run, timeMs } from './run.ts';

const VM = 'web-0';
const HOST = `castra-bench-${VM}`;
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const FILES = 10_000;
const BIG_BYTES = 200 * 1024 * 1024;

interface Bench {
  readonly folder: string;
  readonly payload: string;
  readonly options: RunOptions;
  readonly ssh: (command: string) => void;
}

function writeProject(folder: string, image: string): void {
  const vm = `[[vms]]\nname = "web"\nssh_user = "root"\nbase_image = ${JSON.stringify(image)}\ncpus = 1\nmemory = "1 GiB"\n`;
  writeFileSync(join(folder, 'castra.toml'), `version = "0.2.0"\n[project]\nname = "bench"\nstate_dir = "s"\n${vm}`);
  mkdirSync(join(folder, 'bootstrap', VM), { recursive: true });
  writeFileSync(join(folder, 'bootstrap', VM, 'run.sh'), 'true\n');
}

function measure(name: string, ways: Readonly<Record<string, () => void>>, reset: () => void): void {
  const times = new Map(Object.keys(ways).map((way) => [way, [] as number[]]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [way, act] of Object.entries(ways)) {
      reset();
      times.get(way)?.push(timeMs(act));
    }
  }
  console.log(name);
  const [first] = times.values();
  for (const [way, values] of times) {
    const ratio = median(values) / median(first ?? values);
    console.log(
      `  ${way.padEnd(34)} median ${(median(values) / 1000).toFixed(2)} s, min ${(Math.min(...values) / 1000).toFixed(2)} s, ${ratio.toFixed(2)} times Castra`,
    );
  }
}

const castra =
  ({ options }: Bench, ...words: string[]) =>
  () =>
    void run(process.execPath, [CLI, ...words], options);

/** Another payload each time, so that it is sent. */
function transferWays(bench: Bench): Readonly<Record<string, () => void>> {
  const { folder, payload, options } = bench;
  const config = join(folder, 's', 'ssh_config');
  return {
    'castra bootstrap': castra(bench, 'bootstrap', VM),
    'tar | ssh': () =>
      void run(
        'sh',
        ['-c', `tar -C '${payload}' -cf - . | ssh -F '${config}' ${HOST} 'mkdir -p /tmp/x && tar -C /tmp/x -xf -'`],
        options,
      ),
    'scp -r': () => void run('scp', ['-q', '-F', config, '-r', payload, `${HOST}:/tmp/x`], options),
  };
}

function main(folder: string): void {
  const image = run(join(process.cwd(), 'test/guest/build'), []).trim();
  const env = { ...process.env, CASTRA_HOME: join(folder, 'home'), CASTRA_ACCELERATOR: 'tcg' };
  const options = { cwd: folder, env };
  writeProject(folder, image);
  const payload = join(folder, 'bootstrap', VM, 'payload');
  const ssh = (command: string) => void run('ssh', ['-F', join(folder, 's', 'ssh_config'), HOST, command], options);
  const bench = { folder, payload, options, ssh };
  run(process.execPath, [CLI, 'up'], options);
  try {
    measure(
      'nothing to do',
      { 'castra up': castra(bench, 'up'), 'ssh true, twice': () => [0, 1].map(() => ssh('true')) },
      () => undefined,
    );
    const fresh = (fill: () => void) => () => {
      ssh('rm -rf /tmp/x /tmp/castra-bootstrap');
      rmSync(payload, { recursive: true, force: true });
      mkdirSync(payload);
      fill();
    };
    measure(
      '10,000 files of 1 KB',
      transferWays(bench),
      fresh(() => {
        for (let index = 0; index < FILES; index++) writeFileSync(join(payload, `f${index}`), randomBytes(1024));
      }),
    );
    const { 'castra bootstrap': own, 'scp -r': scp } = transferWays(bench);
    if (own && scp)
      measure(
        'one file of 200 MB',
        { 'castra bootstrap': own, scp },
        fresh(() => writeFileSync(join(payload, 'big'), randomBytes(BIG_BYTES))),
      );
  } finally {
    run(process.execPath, [CLI, 'down', '--graceful-wait-secs', '0'], options);
  }
}

await inTemporaryFolder(async (folder) => main(folder));
