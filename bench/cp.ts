// What `castra cp` costs beside scp and rsync: many small files, and a large one, to OpenSSH's server on this host and
// back. The three take turns, so that a busy moment of this host meets all of them. `-- GUEST` measures with the test
// guest instead, and with less; the guest has no rsync.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findExecutable } from '../runtime/process/spawn.ts';
import { CLI as CASTRA } from '../test/support/cli.ts';
import { startSshd } from '../test/support/hostSshd.ts';
import { LOOPBACK_VM, type LoopbackVm, loopbackVm } from '../test/support/loopbackVm.ts';
import { median, run, timeMs } from './run.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const SMALL_FILES = 5000;
const PER_FOLDER = 100;
const SMALL_BYTES = 1024;
const LARGE_MIB = 1024;
const MIB = 1024 * 1024;

interface Way {
  readonly name: string;
  /** Copies a folder or a file to a path that does not exist yet. */
  readonly up: (source: string, target: string) => void;
  readonly down: (source: string, target: string) => void;
}

function waysTo(vm: LoopbackVm): Way[] {
  const env = { ...process.env, CASTRA_HOME: vm.project.home, CASTRA_CODE_CACHE: '1' };
  const castra = (from: string, to: string) =>
    run(process.execPath, [CASTRA, 'cp', from, to], { cwd: vm.project.path, env });
  const config = join(vm.project.path, 'ssh_config');
  const known = '  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n';
  writeFileSync(
    config,
    `Host vm\n  HostName 127.0.0.1\n  Port ${vm.port}\n  IdentityFile "${vm.identity}"\n  IdentitiesOnly yes\n${known}`,
  );
  const scp = (from: string, to: string) => run('scp', ['-q', '-r', '-F', config, from, to]);
  const rsync = (from: string, to: string) => run('rsync', ['-r', '-p', '-e', `ssh -F ${config}`, from, to]);
  const ways = [
    {
      name: 'castra',
      up: (from: string, to: string) => castra(from, `${LOOPBACK_VM}:${to}`),
      down: (from: string, to: string) => castra(`${LOOPBACK_VM}:${from}`, to),
    },
    {
      name: 'scp',
      up: (from: string, to: string) => scp(from, `vm:${to}`),
      down: (from: string, to: string) => scp(`vm:${from}`, to),
    },
  ];
  if (findExecutable('rsync') === undefined) return ways;
  // Its trailing slash makes a folder's target the folder itself, as with the two others.
  const slash = (path: string) => (path.endsWith('small') ? `${path}/` : path);
  return [
    ...ways,
    {
      name: 'rsync',
      up: (from, to) => rsync(slash(from), `vm:${to}`),
      down: (from, to) => rsync(`vm:${slash(from)}`, to),
    },
  ];
}

function makeFiles(folder: string): void {
  const small = join(folder, 'small');
  for (let index = 0; index < SMALL_FILES; index++) {
    const below = join(small, String(Math.floor(index / PER_FOLDER)));
    if (index % PER_FOLDER === 0) mkdirSync(below, { recursive: true });
    writeFileSync(join(below, `file-${index}`), Buffer.alloc(SMALL_BYTES, index));
  }
  const piece = Buffer.alloc(MIB, 'castra');
  writeFileSync(join(folder, 'large'), '');
  for (let index = 0; index < LARGE_MIB; index++) writeFileSync(join(folder, 'large'), piece, { flag: 'a' });
}

/** Each way once per round, each time into a new place. */
function measure(ways: readonly Way[], folder: string, what: 'small' | 'large', direction: 'up' | 'down'): void {
  const times = new Map<string, number[]>(ways.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS + 1; round++) {
    for (const way of ways) {
      const place = mkdtempSync(join(folder, 'to-'));
      const elapsed = timeMs(() => way[direction](join(folder, what), join(place, 'copy')));
      if (round > 0) times.get(way.name)?.push(elapsed);
      rmSync(place, { recursive: true });
    }
  }
  const medians = new Map([...times].map(([name, values]) => [name, median(values)]));
  const castra = medians.get('castra') ?? 0;
  const best = Math.min(...[...medians].flatMap(([name, value]) => (name === 'castra' ? [] : [value])));
  const list = [...medians].map(([name, value]) => `${name} ${value.toFixed(0)} ms`).join(', ');
  console.log(`${what} ${direction}: ${list}; ${(castra / best).toFixed(2)} of the faster`);
}

const vm = await loopbackVm();
const sshd = await startSshd(vm);
try {
  makeFiles(vm.project.path);
  const ways = waysTo(vm);
  for (const what of ['small', 'large'] as const)
    for (const direction of ['up', 'down'] as const) measure(ways, vm.project.path, what, direction);
} finally {
  await sshd.stop();
  await vm.project.dispose();
}
