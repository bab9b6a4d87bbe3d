// Folders that somebody else wrote: no command may change anything outside of what this user's Castra made.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { ListOutcome } from '../../runtime/contract/project.ts';
import type { StatusOutcome } from '../../runtime/contract/vms.ts';
import { bootId } from '../../runtime/process/identity.ts';
import { projectFiles, vmFiles } from '../../runtime/state/layout.ts';
import type { LaunchRecord } from '../../runtime/state/record.ts';
import { type CliResult, lines, outcomeOf, runCli } from '../support/cli.ts';
import { HOSTILE_TOML as TOML } from '../support/hostileRoots.ts';
import { findQemus, makeQcow2, type TempFolder, tempFolder } from '../support/tempProject.ts';

/** Every command that looks into a state root, and what each needs besides. */
const COMMANDS: readonly (readonly string[])[] = [
  ['status'],
  ['list'],
  ['ports'],
  ['logs', '--tail', '5'],
  ['ssh-config'],
  ['exec', 'web', '--', 'true'],
  ['export', 'web', 'out.qcow2'],
  ['clean'],
  ['clean', '--kept', '--force'],
  ['down'],
  ['down', '--keep-overlay'],
  ['up', '--no-wait'],
  ['down'],
];

/** A whole home folder: documents, a key, a shell's start file, and a project that came from elsewhere. */
interface Victim extends TempFolder {
  readonly home: string;
  readonly project: string;
  readonly root: string;
}

function victim(): Victim {
  const folder = tempFolder();
  const put = (name: string, text: string) => {
    mkdirSync(dirname(join(folder.path, name)), { recursive: true });
    writeFileSync(join(folder.path, name), text);
  };
  put('docs/thesis.txt', 'years of work');
  put('docs/overlay.qcow2', 'not a disk');
  put('.ssh/id_ed25519', 'a private key');
  put('.bashrc', '# a shell');
  put('app/castra.toml', TOML);
  makeQcow2(join(folder.path, 'app/base.qcow2'));
  mkdirSync(join(folder.path, 'castra-home'), { mode: 0o700 });
  const project = join(folder.path, 'app');
  return { ...folder, home: join(folder.path, 'castra-home'), project, root: join(project, '.castra') };
}

/** What there is outside Castra's home, with content, type and mode. */
function photograph({ path, home }: Victim): Map<string, string> {
  const seen = new Map<string, string>();
  // By their types, for names alone are followed through links: one of the traps has a circle of them.
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    const full = join(entry.parentPath, entry.name);
    const name = relative(path, full);
    if (full === home || full.startsWith(`${home}/`)) continue;
    const stat = lstatSync(full);
    const content = stat.isFile() ? readFileSync(full, 'latin1') : '';
    seen.set(name, [stat.mode.toString(8), stat.ino, stat.nlink, content].join('|'));
  }
  return seen;
}

const castra = (where: Victim, args: readonly string[], env: Record<string, string> = {}) =>
  runCli({ path: where.project, home: where.home }, args, { env: { HOME: where.path, ...env } });

/** A record as an attacker would write it: valid in form, with paths of the victim's own files. */
function record(vm: string, paths: { readonly disk: string; readonly sockets: readonly [string, string, string] }) {
  const [qmp, monitor, console] = paths.sockets;
  return JSON.stringify({
    format: 1,
    vm,
    role: 'web',
    uuid: '00000000-0000-0000-0000-000000000000',
    bootId: bootId(),
    launchedAt: '2026-01-01T00:00:00Z',
    accelerator: 'tcg',
    cpus: 1,
    memoryMiB: 64,
    overlayPath: paths.disk,
    baseImage: '/nowhere',
    forwards: [],
    sshPort: 0,
    sockets: { qmp, monitor, console, bus: '/nowhere' },
    ready: { kind: 'none' },
  } satisfies LaunchRecord);
}

const TRAPS: Readonly<Record<string, (where: Victim) => void>> = {
  'a launch record whose sockets are documents and keys': (where) => {
    mkdirSync(where.root);
    const sockets = [
      join(where.path, 'docs/thesis.txt'),
      join(where.path, '.ssh/id_ed25519'),
      '../../.bashrc',
    ] as const;
    writeFileSync(
      join(where.root, 'web-0.json'),
      record('web-0', { disk: join(where.path, 'docs/thesis.txt'), sockets }),
    );
    writeFileSync(join(where.root, 'castra.lock'), '');
  },
  'a folder of overlays that is a link to documents': (where) => {
    mkdirSync(where.root);
    symlinkSync(join(where.path, 'docs'), join(where.root, 'overlays'));
    writeFileSync(join(where.root, 'castra.lock'), '');
  },
  'a log that is a link to a start file of the shell': (where) => {
    mkdirSync(join(where.root, 'logs'), { recursive: true });
    for (const name of ['web-0.log', 'web-0-serial.log']) {
      symlinkSync(join(where.path, '.bashrc'), join(where.root, 'logs', name));
    }
  },
  'links in place of the lock, the seed, the pidfile, keys and what was put aside': (where) => {
    mkdirSync(where.root);
    for (const name of ['castra.lock', 'castra.id', 'web-0.seed.iso', 'web-0.pid', 'ssh_config', 'operation.json']) {
      symlinkSync(join(where.path, 'docs/thesis.txt'), join(where.root, name));
    }
    for (const name of ['kept', 'keys']) symlinkSync(join(where.path, 'docs'), join(where.root, name));
  },
  'a state root that is itself a link': (where) => symlinkSync(join(where.path, 'docs'), where.root),
  'a state root behind a link of the repository': (where) => {
    symlinkSync(where.path, join(where.project, 'sub'));
    writeFileSync(join(where.project, 'castra.toml'), TOML.replace('".castra"', '"sub/docs"'));
  },
  'a state root that is a folder of documents': (where) =>
    writeFileSync(join(where.project, 'castra.toml'), TOML.replace('".castra"', '"../docs"')),
  'keys that somebody else knows': (where) => {
    mkdirSync(join(where.root, 'keys'), { recursive: true });
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(where.root, 'keys', 'id_ed25519')]);
  },
};

describe('a folder that somebody else wrote', () => {
  let where: Victim;
  beforeEach(() => {
    where = victim();
  });
  afterEach(() => where.dispose());

  for (const [name, lay] of Object.entries(TRAPS)) {
    it(`${name}: nothing of the user's is touched, and every command says what it found`, async () => {
      lay(where);
      const before = photograph(where);
      for (const command of COMMANDS) {
        const result = await castra(where, command);
        assert.doesNotMatch(result.stderr, /has a bug|at .*\.js:\d+/, command.join(' '));
        if (command[0] !== 'list') {
          assert.equal(result.code, 73, `${command.join(' ')}: ${result.stdout}${result.stderr}`);
          assert.match(result.stderr, /so it is not used\. (?:Remove|Move|Set)/);
        }
        assert.deepEqual(photograph(where), before, command.join(' '));
      }
      assert.deepEqual(findQemus(where.path), []);
    });
  }

  it('is said by `validate` at the line, and by `doctor` with what to do', async () => {
    TRAPS['a folder of overlays that is a link to documents']?.(where);
    const validated = lines(await castra(where, ['validate', '--json']));
    const found = validated.flatMap((line) => (line.type === 'diagnostic' ? [line.diagnostic] : []));
    assert.deepEqual(
      found.map(({ code, range }) => [code, range?.start.line]),
      [['host/state-root', 4]],
    );
    const doctor = await castra(where, ['doctor']);
    assert.match(doctor.stdout, /\.castra was not created by Castra .*\n.*castra doctor --adopt/);
  });

  it('is adopted only after a listing and a yes, and then serves as the state root', async () => {
    mkdirSync(where.root);
    writeFileSync(join(where.root, 'web-0.json'), '{}');
    writeFileSync(join(where.root, 'notes.txt'), 'mine');
    const unasked = await castra(where, ['doctor', '--adopt']);
    assert.equal(unasked.code, 64);
    assert.match(unasked.stderr, /pass --yes to confirm/);
    assert.match(unasked.stdout, /notes\.txt \(4 bytes\): Castra creates no file of that name/);
    assert.equal((await castra(where, ['status'])).code, 73);
    const adopted = await castra(where, ['doctor', '--adopt', '--yes']);
    assert.equal(adopted.code, 0, adopted.stderr);
    assert.equal((await castra(where, ['up', '--no-wait'])).code, 0);
    assert.equal((await castra(where, ['down'])).code, 0);
    assert.equal(readFileSync(join(where.root, 'notes.txt'), 'utf8'), 'mine');
  });
});

describe('a state root has one place and one castra.toml', () => {
  let where: Victim;
  beforeEach(async () => {
    where = victim();
    const up = await castra(where, ['up', '--no-wait']);
    assert.equal(up.code, 0, up.stderr);
  });
  afterEach(() => where.dispose());

  const at = (project: string): Victim => ({ ...where, project, root: join(project, '.castra') });
  const runs = () => findQemus(where.path).length;

  it('a copy of the folder does not act on the VMs and disks of the original', async () => {
    const copy = at(join(where.path, 'copy'));
    cpSync(where.project, copy.project, { recursive: true, filter: (path) => !lstatSync(path).isSocket() });
    const before = photograph(where);
    for (const command of [...COMMANDS.filter(([name]) => name !== 'list')]) {
      const result = await castra(copy, command);
      assert.equal(result.code, 73, command.join(' '));
      assert.match(result.stderr, /is a copy of the state root .*app\/\.castra/);
    }
    assert.deepEqual(photograph(where), before);
    assert.equal(runs(), 1);
    assert.equal((await castra(copy, ['doctor', '--adopt', '--yes'])).code, 0);
    const [vm] = outcomeOf<StatusOutcome>(await castra(copy, ['status', '--json'])).vms;
    assert.equal(vm?.state, 'stopped');
    assert.equal((await castra(copy, ['down'])).code, 0);
    assert.equal(runs(), 1);
  });

  it('a record of another state root means nothing', async () => {
    const other = at(join(where.path, 'other'));
    cpSync(join(where.project, 'castra.toml'), join(other.project, 'castra.toml'));
    cpSync(join(where.project, 'base.qcow2'), join(other.project, 'base.qcow2'));
    assert.equal((await castra(other, ['up', '--no-wait'])).code, 0);
    assert.equal((await castra(other, ['down'])).code, 0);
    cpSync(vmFiles(where.root, 'web-0').record, vmFiles(other.root, 'web-0').record);
    assert.equal((await castra(other, ['down'])).code, 0);
    assert.equal(runs(), 1);
    assert.ok(existsSync(join(where.root, 'overlays')));
  });

  it('two castra.toml with one state root: the second one is refused and told', async () => {
    const second = at(join(where.path, 'second'));
    mkdirSync(second.project);
    writeFileSync(join(second.project, 'castra.toml'), TOML.replace('".castra"', '"../app/.castra"'));
    for (const command of [['down'], ['up'], ['status'], ['clean', '--force']]) {
      const result = await castra(second, command);
      assert.equal(result.code, 73);
      assert.match(result.stderr, /state root of another project, .*app\/castra\.toml/);
    }
    assert.equal(runs(), 1);
  });

  it('a folder that is renamed keeps its VMs, when the state root is in it', async () => {
    const moved = at(join(where.path, 'renamed'));
    renameSync(where.project, moved.project);
    const [vm] = outcomeOf<StatusOutcome>(await castra(moved, ['status', '--json'])).vms;
    assert.notEqual(vm?.state, 'stopped');
    assert.match((await castra(moved, ['up', '--no-wait'])).stdout, /web-0/);
    assert.equal(runs(), 1);
    assert.deepEqual(
      outcomeOf<ListOutcome>(await castra(moved, ['list', '--json'])).projects.map(({ configPath }) => configPath),
      [join(moved.project, 'castra.toml')],
    );
    assert.equal((await castra(moved, ['down'])).code, 0);
    assert.equal(runs(), 0);
  });

  it('a state root of another home is not this one', async () => {
    const other = { ...where, home: join(where.path, 'other-home') };
    mkdirSync(other.home, { mode: 0o700 });
    const result = await castra(other, ['down']);
    assert.equal(result.code, 73);
    assert.equal(runs(), 1);
  });
});

describe('a project in the default place whose folder was renamed', () => {
  it('says that its VMs run from the old path, does not start them twice, and takes over what is left', async () => {
    const where = victim();
    try {
      writeFileSync(join(where.project, 'castra.toml'), TOML.replace('state_dir = ".castra"\n', ''));
      assert.equal((await castra(where, ['up', '--no-wait'])).code, 0);
      const moved = { ...where, project: join(where.path, 'renamed') };
      renameSync(where.project, moved.project);
      const up = await castra(moved, ['up', '--no-wait']);
      assert.equal(up.code, 75, up.stderr);
      assert.match(up.stderr, /web-0 runs already, started when this folder was .*app\/castra\.toml\. Stop it with/);
      for (const command of ['status', 'down']) {
        const result = await castra(moved, [command]);
        assert.match(result.stderr, /web-0 runs already/);
      }
      const [, id = ''] = /down --project ([0-9a-f]+)/.exec(up.stderr) ?? [];
      assert.equal((await castra(moved, ['down', '--keep-overlay', '--project', id])).code, 0);
      assert.deepEqual(findQemus(where.path), []);
      const adopted = await castra(moved, ['doctor', '--adopt', '--yes']);
      assert.equal(adopted.code, 0, adopted.stderr);
      const { stateRoot } = outcomeOf<StatusOutcome>(await castra(moved, ['status', '--json']));
      assert.equal(readdirSync(projectFiles(stateRoot).kept).length, 1);
      assert.equal((await castra(moved, ['up', '--no-wait'])).code, 0);
    } finally {
      await where.dispose();
    }
  });
});

describe('the first `up` of a project', () => {
  let where: Victim;
  beforeEach(() => {
    where = victim();
    const reach = 'qemu_args = ["-name", "x"]\nport_forwards = [{ host = 0, guest = 80, bind = "0.0.0.0" }]\n';
    writeFileSync(join(where.project, 'castra.toml'), TOML + reach);
  });
  afterEach(() => where.dispose());

  const listed = (result: CliResult) =>
    /passes arguments of its own to QEMU: -name x[\s\S]*opens port \(any\) on 0\.0\.0\.0/.test(result.stderr);

  it('lists what reaches beyond its VMs; without a terminal it is not asked, and never again', async () => {
    const first = await castra(where, ['up', '--no-wait']);
    assert.equal(first.code, 0, first.stderr);
    assert.ok(listed(first), first.stderr);
    assert.equal((await castra(where, ['down'])).code, 0);
    assert.ok(!listed(await castra(where, ['up', '--no-wait'])));
  });

  it('lists a file of the host that is to be a disk, also behind a link; one of the folder is not listed', async () => {
    const secret = join(where.home, '..', 'secret.bin');
    writeFileSync(secret, Buffer.alloc(1024 * 1024, 'secret'));
    symlinkSync(secret, join(where.project, 'innocent.img'));
    writeFileSync(join(where.project, 'own.img'), Buffer.alloc(1024 * 1024, 'own'));
    const started = async (image: string) => {
      writeFileSync(join(where.project, 'castra.toml'), TOML.replace('base.qcow2', image));
      return (await castra(where, ['up', '--no-wait'])).stderr;
    };
    assert.doesNotMatch(await started('own.img'), /as its disk/);
    rmSync(join(where.home, 'known'), { recursive: true });
    await castra(where, ['down']);
    assert.match(await started('innocent.img'), /innocent\.img, which is outside the project's folder, as its disk/);
  });

  it('asks at a terminal, and takes no for an answer', () => {
    const run = (answer: string) =>
      execFileSync(
        'script',
        [
          '-qec',
          `'${process.execPath}' '${join(process.cwd(), 'dist/cli.js')}' up --no-wait; echo code=$?`,
          '/dev/null',
        ],
        {
          cwd: where.project,
          input: answer,
          encoding: 'utf8',
          env: { ...process.env, CASTRA_HOME: where.home, TERM: 'dumb' },
        },
      );
    const output = run('n\n');
    assert.match(output, /Start it\? \[y\/N\]/);
    assert.match(output, /code=130/);
    assert.ok(!existsSync(where.root));
    assert.deepEqual(findQemus(where.path), []);
  });
});
