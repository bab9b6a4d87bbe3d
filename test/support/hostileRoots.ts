import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  CastraError,
  clean,
  down,
  exec,
  exportVm,
  type LibraryCall,
  list,
  logs,
  ports,
  type RunOptions,
  sshConfig,
  status,
  up,
} from '../../runtime/api.ts';
import { bootId } from '../../runtime/process/identity.ts';
import { writeRecord } from '../../runtime/state/record.ts';
import { claimRoot } from '../../runtime/state/stateRoot.ts';
import { createRandom } from '../runtime/config/toml/fuzz.ts';
import { FAKE_QEMU } from './fakeVm.ts';
import { makeQcow2, type TempFolder, tempFolder } from './tempProject.ts';

/** A project that keeps its state in a folder beside castra.toml, which may come with a repository. */
export const HOSTILE_TOML = `version = "0.2.0"
[project]
name = "p"
state_dir = ".castra"
[[vms]]
name = "web"
cpus = 1
memory = "64 MiB"
base_image = "base.qcow2"
`;

/** What a command may take on a busy machine; a hang takes for ever. */
const PATIENCE_MS = 2000;

/** A project whose VM was stopped without `down`, beside documents of the user's and another project like it. */
interface HostileProject extends TempFolder {
  readonly home: string;
  readonly project: string;
  readonly root: string;
  readonly other: string;
}

function hostileProject(): HostileProject {
  const folder = tempFolder();
  const at = (name: string) => join(folder.path, name);
  mkdirSync(at('docs'));
  for (const name of ['thesis.txt', 'disk.qcow2', 'key']) writeFileSync(at(`docs/${name}`), `the user's ${name}`);
  mkdirSync(at('home'), { mode: 0o700 });
  for (const name of ['app', 'other']) {
    mkdirSync(at(name));
    writeFileSync(at(`${name}/castra.toml`), HOSTILE_TOML);
    makeQcow2(at(`${name}/base.qcow2`));
    fill(at('home'), at(name));
  }
  return { ...folder, home: at('home'), project: at('app'), root: at('app/.castra'), other: at('other/.castra') };
}

/** The files of a VM that powered itself off, as a start leaves them. */
function fill(home: string, project: string): void {
  const root = join(project, '.castra');
  claimRoot(home, { stateRoot: root, configPath: join(project, 'castra.toml') });
  for (const name of ['logs/bootstrap', 'overlays', 'kept', 'keys']) mkdirSync(join(root, name), { recursive: true });
  const overlay = join(root, 'overlays', 'web-4b5e57-overlay.qcow2');
  copyFileSync(join(project, 'base.qcow2'), overlay);
  copyFileSync(overlay, join(root, 'kept', 'web-0-20260101T000000000Z.qcow2'));
  for (const name of ['web-0.log', 'web-0.log.1', 'web-0-serial.log', 'broker.log', 'bootstrap/web-0-20260101.json'])
    writeFileSync(join(root, 'logs', name), `${name}\n`);
  for (const name of ['web-0.seed.iso', 'web-0.vars.fd', 'web-0.qmp', 'ssh_config', 'known_hosts', 'castra.lock'])
    writeFileSync(join(root, name), '');
  writeFileSync(join(root, 'operation.json'), '{}');
  writeFileSync(join(root, 'web-0.pid'), '4194301\n');
  for (const name of ['id_ed25519', 'web-0_host_ed25519'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(root, 'keys', name)]);
  const { ino, birthtimeNs } = lstatSync(overlay, { bigint: true });
  writeRecord(root, {
    format: 1,
    vm: 'web-0',
    role: 'web',
    uuid: '00000000-0000-4000-8000-000000000000',
    bootId: bootId(),
    launchedAt: '2026-01-01T00:00:00Z',
    pid: 4194301,
    startToken: 'x',
    accelerator: 'tcg',
    cpus: 1,
    memoryMiB: 64,
    overlayPath: overlay,
    overlayFile: `${ino}:${birthtimeNs}`,
    baseImage: join(project, 'base.qcow2'),
    forwards: [],
    sshPort: 2222,
    sockets: {
      qmp: join(root, 'web-0.qmp'),
      monitor: join(root, 'web-0.monitor'),
      console: join(root, 'web-0.console'),
      bus: join(root, 'web-0.bus'),
    },
    ready: { kind: 'ssh' },
  });
}

/** What another user, or a broken disk, may have put in place of a file of ours. */
const replacements: readonly ((path: string, project: HostileProject) => void)[] = [
  (path) => writeFileSync(path, '\u0000\uFFFD{"format":1'),
  (path) => writeFileSync(path, ''),
  (path) => writeFileSync(path, '[]'),
  (path, { path: top }) => symlinkSync(join(top, 'docs', 'thesis.txt'), path),
  (path, { path: top }) => symlinkSync(join(top, 'docs'), path),
  (path) => symlinkSync(join(dirname(path), 'nowhere'), path),
  (path, { path: top }) => linkSync(join(top, 'docs', 'disk.qcow2'), path),
  (path) => execFileSync('mkfifo', [path]),
  (path) => mkdirSync(path),
  (path) => {
    mkdirSync(path);
    writeFileSync(join(path, 'web-0.json'), 'x');
  },
  (path) => {
    writeFileSync(path, '{');
    truncateSync(path, 6 * 2 ** 30);
  },
  (path, { root, other }) => {
    const twin = join(other, path.slice(root.length + 1));
    if (existsSync(twin) && lstatSync(twin).isFile()) copyFileSync(twin, path);
  },
];

/** Replaces one to three names of the state root. Says what it did, so that a failure explains itself. */
function spoil(project: HostileProject, seed: number): string[] {
  const random = createRandom(seed);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  return Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
    const names = readdirSync(project.root, { recursive: true, encoding: 'utf8' }).sort();
    const path = join(project.root, pick(names));
    const index = Math.floor(random() * replacements.length);
    // An earlier link may lead out of the state root.
    if (!existsSync(dirname(path)) || !`${realpathSync(dirname(path))}/`.startsWith(`${project.root}/`))
      return 'nothing';
    rmSync(path, { recursive: true, force: true });
    replacements[index]?.(path, project);
    return `${basename(path)} ← ${index}`;
  });
}

/** Everything outside the spoilt state root and Castra's home, with content. */
function outside({ path, home, root }: HostileProject): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map((name) => join(path, name))
    .filter((name) => ![home, root].some((own) => name === own || name.startsWith(`${own}/`)))
    .sort()
    .map((name) => {
      const stat = lstatSync(name);
      return [name, stat.mode, stat.ino, stat.isFile() ? readFileSync(name, 'latin1') : ''].join('|');
    });
}

/**
 * Runs every command in the project. Throws for one that takes too long, fails otherwise than with a failure of its
 * own, or changes something outside.
 */
async function checkCommands(project: HostileProject): Promise<void> {
  const config = { kind: 'file' as const, path: join(project.project, 'castra.toml') };
  const settings = { home: project.home, qemu: FAKE_QEMU, accelerator: 'tcg' as const };
  const common = { config, settings };
  const out = join(project.home, 'out.qcow2');
  const before = outside(project);
  const check = async <O, V>(name: string, operation: LibraryCall<O, V>, options: O): Promise<void> => {
    const started = performance.now();
    try {
      await operation(options, silentRun());
    } catch (error) {
      if (!(error instanceof CastraError) || error.failure.kind === 'internal') throw new Error(name, { cause: error });
    }
    const tookMs = performance.now() - started;
    if (tookMs > PATIENCE_MS) throw new Error(`${name} took ${Math.round(tookMs)} ms`);
    const changed = difference(before, outside(project));
    if (changed.length > 0) throw new Error(`${name} changed ${changed.join(', ')}`);
  };
  await check('status', status, common);
  await check('list', list, { settings });
  await check('ports', ports, common);
  await check('logs', logs, { ...common, tail: 5 });
  await check('ssh-config', sshConfig, common);
  await check('exec', exec, { ...common, vms: ['web'], command: ['true'] });
  await check('export', exportVm, { ...common, vm: 'web', outputPath: out, force: true });
  await check('clean --dry-run', clean, { scope: { kind: 'project', config }, settings, dryRun: true });
  await check('down --keep-overlay', down, { ...common, keepOverlay: true });
  await check('up', up, { ...common, wait: false });
  await check('status', status, common);
  await check('down', down, common);
  await check('clean --kept --force', clean, { scope: { kind: 'project', config }, settings, kept: true, force: true });
}

function silentRun(): RunOptions {
  return { report: () => undefined, signal: new AbortController().signal };
}

function difference(before: readonly string[], after: readonly string[]): string[] {
  const changed = [
    ...before.filter((line) => !after.includes(line)),
    ...after.filter((line) => !before.includes(line)),
  ];
  return changed.map((line) => line.split('|')[0] ?? line);
}

/** One spoilt project. Rejects with the seed and what was done, so that a failure can be had again. */
export async function checkSeed(seed: number): Promise<void> {
  process.env.FAKE_QEMU = '{}';
  const project = hostileProject();
  const done = spoil(project, seed);
  try {
    await checkCommands(project);
  } catch (error) {
    throw new Error(`seed ${seed}: ${done.join(', ')}`, { cause: error });
  } finally {
    await project.dispose();
  }
}
