// What `castra cp` costs beside scp and rsync: many small files, and a large one, to OpenSSH's server on this host and
// back. The three take turns, so that a busy moment of this host meets all of them. `-- IMAGE` boots that image and
// measures with it instead, with less and without rsync, which guests seldom have.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { SshConfigOutcome } from '../runtime/contract/ssh.ts';
import { findExecutable } from '../runtime/process/spawn.ts';
import { projectFiles } from '../runtime/state/layout.ts';
import { CLI as CASTRA, ok, outcomeOf, runCli } from '../test/support/cli.ts';
import { startSshd } from '../test/support/hostSshd.ts';
import { LOOPBACK_VM, loopbackVm } from '../test/support/loopbackVm.ts';
import { sshProject } from '../test/support/sshProject.ts';
import { median, run, timeMs } from './run.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const PER_FOLDER = 100;
const SMALL_BYTES = 1024;
const WHOLE = { smallFiles: 5000, largeMib: 1024 };
/** For an emulated guest. */
const PART = { smallFiles: 500, largeMib: 32 };
const MIB = 1024 * 1024;

interface Way {
  readonly name: string;
  /** Copies a folder or a file to a path that does not exist yet. */
  readonly up: (source: string, target: string) => void;
  readonly down: (source: string, target: string) => void;
}

function waysTo(target: Target): Way[] {
  const { path, home, vm, there } = target;
  const env = { ...process.env, CASTRA_HOME: home, CASTRA_ACCELERATOR: 'tcg' };
  const config = writeConfig(target);
  const ways: Way[] = [
    way('castra', vm, (from, to) => run(process.execPath, [CASTRA, 'cp', from, to], { cwd: path, env })),
    way('scp', 'vm', (from, to) => run('scp', ['-q', '-r', '-F', config, from, to])),
  ];
  if (findExecutable('rsync') === undefined || there !== undefined) return ways;
  // Its trailing slash makes a folder's target the folder itself, as with the two others.
  const rsync = (from: string, to: string) =>
    run('rsync', ['-r', '-p', '-e', `ssh -F ${config}`, from.endsWith('small') ? `${from}/` : from, to]);
  return [...ways, way('rsync', 'vm', rsync)];
}

function way(name: string, host: string, copy: (from: string, to: string) => unknown): Way {
  return {
    name,
    up: (from, to) => void copy(from, `${host}:${to}`),
    down: (from, to) => void copy(`${host}:${from}`, to),
  };
}

function writeConfig({ path, port, user, identity }: Target): string {
  const config = join(path, 'bench_config');
  // The project's own may have a path that ssh_config would expand.
  const key = join(path, 'bench_key');
  copyFileSync(identity, key);
  const known = '  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n';
  const host = `Host vm\n  HostName 127.0.0.1\n  Port ${port}\n  User ${user}\n  IdentityFile ${key}\n`;
  writeFileSync(config, `${host}  IdentitiesOnly yes\n${known}`);
  return config;
}

function makeFiles(folder: string, { smallFiles, largeMib }: typeof WHOLE): void {
  const small = join(folder, 'small');
  for (let index = 0; index < smallFiles; index++) {
    const below = join(small, String(Math.floor(index / PER_FOLDER)));
    if (index % PER_FOLDER === 0) mkdirSync(below, { recursive: true });
    writeFileSync(join(below, `file-${index}`), Buffer.alloc(SMALL_BYTES, index));
  }
  const piece = Buffer.alloc(MIB, 'castra');
  writeFileSync(join(folder, 'large'), '');
  for (let index = 0; index < largeMib; index++) writeFileSync(join(folder, 'large'), piece, { flag: 'a' });
}

interface Measured {
  readonly what: 'small' | 'large';
  readonly direction: 'up' | 'down';
}

/** Each way once per round, each time into a new place. */
function measure(ways: readonly Way[], { path, there }: Target, { what, direction }: Measured): void {
  const times = new Map<string, number[]>(ways.map(({ name }) => [name, []]));
  // What is copied back from a guest must be there.
  if (there !== undefined && direction === 'down') ways[0]?.up(join(path, what), join(there, what));
  for (let round = 0; round < ROUNDS + 1; round++) {
    for (const one of ways) {
      const place = mkdtempSync(join(path, 'to-'));
      const near = join(path, what);
      const far = there === undefined ? join(place, 'copy') : join(there, `${what}-${one.name}-${round}`);
      const elapsed = timeMs(() =>
        direction === 'up'
          ? one.up(near, far)
          : one.down(there === undefined ? near : join(there, what), join(place, 'copy')),
      );
      if (round > 0) times.get(one.name)?.push(elapsed);
      rmSync(place, { recursive: true });
    }
  }
  const medians = new Map([...times].map(([name, values]) => [name, median(values)]));
  const best = Math.min(...[...medians].flatMap(([name, value]) => (name === 'castra' ? [] : [value])));
  const list = [...medians].map(([name, value]) => `${name} ${value.toFixed(0)} ms`).join(', ');
  console.log(`${what} ${direction}: ${list}; ${((medians.get('castra') ?? 0) / best).toFixed(2)} of the faster`);
}

interface Target {
  readonly vm: string;
  readonly user: string;
  readonly path: string;
  readonly home: string;
  readonly port: number;
  readonly identity: string;
  /** Where copies go in the VM; undefined: to new folders of this host, which it is. */
  readonly there?: string;
  stop(): Promise<void>;
}

async function thisHost(): Promise<Target> {
  const vm = await loopbackVm();
  const sshd = await startSshd(vm);
  const stop = async () => {
    await sshd.stop();
    await vm.project.dispose();
  };
  const { path, home } = vm.project;
  return { vm: LOOPBACK_VM, user: userInfo().username, path, home, port: vm.port, identity: vm.identity, stop };
}

async function guest(image: string): Promise<Target> {
  const project = sshProject(image, 1);
  await ok(runCli(project, ['up', 'web'], { real: true }));
  const { hosts } = outcomeOf<SshConfigOutcome>(await runCli(project, ['ssh-config', '--json'], { real: true }));
  const { identity } = projectFiles(project.stateRoot);
  const stop = () => project.dispose();
  const { path, home } = project;
  return { vm: 'web-0', user: 'root', path, home, port: hosts[0]?.port ?? 0, identity, there: '/root', stop };
}

const image = process.argv[2];
const target = image === undefined ? await thisHost() : await guest(image);
try {
  makeFiles(target.path, image === undefined ? WHOLE : PART);
  const ways = waysTo(target);
  for (const what of ['small', 'large'] as const) {
    for (const direction of ['up', 'down'] as const) measure(ways, target, { what, direction });
  }
} finally {
  await target.stop();
}
