import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import type { CleanOutcome } from '../../runtime/contract/clean.ts';
import type { StatusOutcome } from '../../runtime/contract/vms.ts';
import { knownProjects, registerProject } from '../../runtime/state/registry.ts';
import { type CliResult, lines, outcomeOf, runCli, startCli } from '../support/cli.ts';
import { findQemus, makeQcow2, type TempProject, tempProject } from '../support/tempProject.ts';

const toml = (more = '', project = '') =>
  `version = "0.2.0"\n[project]\nname = "p"\n${project}\n[[vms]]\nname = "web"\ncpus = 1\nmemory = "64 MiB"\nbase_image = "base.qcow2"\n${more}\n`;

/** A VM whose QEMU was killed: overlay, pidfile, sockets, record and logs are left. */
async function crash(project: TempProject): Promise<string> {
  const up = await runCli(project, ['up']);
  assert.equal(up.code, 0, up.stderr);
  for (const { pid } of findQemus(project.path)) process.kill(pid, 'SIGKILL');
  while (findQemus(project.path).length > 0);
  return stateRootOf(project);
}

async function stateRootOf(project: TempProject): Promise<string> {
  return outcomeOf<StatusOutcome>(await runCli(project, ['status', '--json'])).stateRoot;
}

const cleanJson = async (project: TempProject, ...args: string[]) =>
  outcomeOf<CleanOutcome>(await runCli(project, ['clean', '--json', ...args]));

/** Every name below a folder with all that a change would change; a folder's times tell of names that came and went. */
function photograph(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .concat('.')
    .sort()
    .map((name) => {
      const path = join(folder, name);
      const { ino, mode, nlink, size, mtimeNs, ctimeNs } = lstatSync(path, { bigint: true });
      return [name, ino, mode, nlink, size, mtimeNs, ctimeNs].join(' ');
    });
}

/** Without the id and the keys, which stay: guests and what logs in to them know the keys. */
const below = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/^(?:keys(?:\/|$)|castra\.id$)/.test(name))
    .sort();

function failureKind(result: CliResult): string {
  const last = lines(result).at(-1);
  return last?.type === 'command.failed' ? last.failure.kind : `${last?.type}`;
}

describe('castra clean', () => {
  let project: TempProject;
  const open = (text = toml()) => {
    project = tempProject(text);
    return project;
  };
  afterEach(() => project.dispose());

  it('removes what a VM that crashed left, says what and how much, and `up` works again', async () => {
    const root = await crash(open());
    const result = await runCli(project, ['clean']);
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /^State root: /);
    for (const name of [
      /overlay +overlays\//,
      /record +web-0\.json/,
      /pid-file +web-0\.pid/,
      /logs +logs\/web-0\.log/,
    ]) {
      assert.match(result.stdout, name);
    }
    assert.match(result.stdout, /\n\d+ files removed, [\d.]+ KiB reclaimed\.\n$/);
    assert.deepEqual(below(root), ['castra.lock']);
    assert.ok(existsSync(project.baseImage));
    assert.equal((await runCli(project, ['up'])).code, 0);
    assert.equal((await runCli(project, ['down'])).code, 0);
  });

  it('has nothing to do in a project that never ran, and makes nothing', async () => {
    open();
    const before = photograph(project.path);
    const result = await runCli(project, ['clean']);
    assert.deepEqual([result.code, result.stdout], [0, 'Nothing to clean.\n']);
    assert.deepEqual(photograph(project.path), before);
  });

  it('changes nothing in a dry run, not even the time of a folder, and tells what a real one reclaims', async () => {
    const root = await crash(open());
    writeFileSync(join(root, `web-0.json.${'a'.repeat(12)}.tmp`), 'x');
    const before = photograph(project.path);
    const planned = await cleanJson(project, '--dry-run');
    assert.deepEqual(photograph(project.path), before);
    assert.ok(planned.dryRun && planned.reclaimedBytes > 0);
    const done = await cleanJson(project);
    const files = (outcome: CleanOutcome) =>
      outcome.roots.flatMap(({ actions }) => actions.map(({ path, bytes }) => [path, bytes]));
    assert.deepEqual(files(done), files(planned));
    assert.equal(done.reclaimedBytes, planned.reclaimedBytes);
    assert.ok(done.roots.every(({ actions }) => actions.every(({ result }) => result === 'removed')));
  });

  it('leaves files that Castra did not make, and says so', async () => {
    const root = await crash(open());
    const strange = ['notes.txt', 'settings.json', 'old.pid', 'logs/report.txt', 'overlays/readme'];
    const keys = readdirSync(join(root, 'keys'));
    assert.ok(keys.includes('id_ed25519'));
    for (const name of strange) writeFileSync(join(root, name), 'mine');
    mkdirSync(join(root, 'logs', 'web.log'));
    const { roots } = await cleanJson(project);
    assert.deepEqual(below(root), ['castra.lock', 'logs', 'logs/web.log', 'overlays', ...strange].sort());
    assert.deepEqual(readdirSync(join(root, 'keys')), keys);
    const told = roots[0]?.actions.filter(({ kind }) => kind === 'unknown').map(({ path }) => path);
    const expected = [...strange, 'logs/web.log'];
    assert.deepEqual(told?.sort(), expected.map((name) => join(root, name)).sort());
  });

  it('follows no symbolic link: not of a folder, not of a file, not of the state root', async () => {
    const root = await crash(open());
    const elsewhere = join(project.path, 'elsewhere');
    mkdirSync(elsewhere);
    for (const name of ['a.log', 'b.qcow2']) writeFileSync(join(elsewhere, name), 'mine');
    for (const name of ['logs', 'kept']) {
      rmSync(join(root, name), { recursive: true, force: true });
      symlinkSync(elsewhere, join(root, name));
      const refused = await runCli(project, ['clean', '--json', '--kept']);
      assert.deepEqual([refused.code, failureKind(refused)], [73, 'state-root-foreign']);
      assert.match(refused.stdout, new RegExp(`symbolic link in place of its folder ${name}`));
      rmSync(join(root, name));
    }
    symlinkSync(join(elsewhere, 'b.qcow2'), join(root, 'overlays', 'b.qcow2'));
    await cleanJson(project, '--kept');
    assert.deepEqual(below(elsewhere), ['a.log', 'b.qcow2']);
    assert.deepEqual(below(root), ['castra.lock', 'overlays', 'overlays/b.qcow2']);
    const link = join(project.path, 'link');
    symlinkSync(root, link);
    const linked = await runCli(project, ['clean', '--json', '--state-root', link]);
    assert.deepEqual([linked.code, failureKind(linked)], [73, 'state-root-foreign']);
  });

  it('refuses a folder that is no state root', async () => {
    open();
    const folder = join(project.path, 'mine');
    mkdirSync(join(folder, 'logs'), { recursive: true });
    writeFileSync(join(folder, 'logs', 'web.log'), 'mine');
    const before = photograph(folder);
    const result = await runCli(project, ['clean', '--state-root', folder]);
    assert.equal(result.code, 73);
    assert.match(result.stderr, /was not created by Castra for you/);
    assert.deepEqual(photograph(folder), before);
  });

  it('cleans a folder whose castra.toml is gone', async () => {
    const root = await crash(open());
    rmSync(project.configPath);
    const { roots } = await cleanJson(project, '--state-root', root);
    assert.equal(roots.length, 1);
    assert.deepEqual(below(root), ['castra.lock']);
  });

  it('works with a castra.toml that is broken', async () => {
    const root = await crash(open());
    writeFileSync(project.configPath, `${toml()}cpus = "many"\n`);
    assert.equal((await runCli(project, ['clean'])).code, 0);
    assert.deepEqual(below(root), ['castra.lock']);
  });

  it('refuses while a VM runs, dry or not, and removes nothing', async () => {
    open();
    await runCli(project, ['up']);
    const root = await stateRootOf(project);
    for (const more of [[], ['--dry-run']]) {
      const before = below(root);
      const result = await runCli(project, ['clean', '--json', ...more]);
      assert.deepEqual([result.code, failureKind(result)], [70, 'clean-refused']);
      assert.match(result.stdout, /web-0 \(pid \d+\)/);
      assert.deepEqual(below(root), before);
    }
    assert.equal(findQemus(project.path).length, 1);
  });

  it('stops the VM properly first with --force, after the waits of the file', async () => {
    open(toml('', '[lifecycle]\ngraceful_shutdown_wait_secs = 0\nsigterm_wait_secs = 3\n'));
    await runCli(project, ['up'], { fake: { '*': { ignorePowerdown: true } } });
    const root = await stateRootOf(project);
    const before = photograph(root);
    const dry = await runCli(project, ['clean', '--force', '--dry-run']);
    assert.match(dry.stdout, /Would stop first: web-0/);
    assert.match(dry.stdout, /would remove overlay/);
    assert.equal(findQemus(project.path).length, 1);
    assert.deepEqual(photograph(root), before);
    const result = await runCli(project, ['clean', '--force', '--json']);
    assert.equal(result.code, 0, result.stdout);
    const told = lines(result).map((line) => line.type);
    assert.ok(told.indexOf('shutdown.escalated') < told.indexOf('cleanup.started'));
    assert.ok(told.includes('shutdown.completed'));
    assert.deepEqual(findQemus(project.path), []);
    assert.deepEqual(below(root), ['castra.lock']);
  });

  it('knows a VM that runs although its record and pidfile were deleted', async () => {
    open();
    await runCli(project, ['up']);
    const root = await stateRootOf(project);
    for (const name of ['web-0.json', 'web-0.pid']) rmSync(join(root, name));
    const refused = await runCli(project, ['clean', '--json']);
    assert.deepEqual([refused.code, failureKind(refused)], [70, 'clean-refused']);
    assert.equal((await runCli(project, ['clean', '--force'])).code, 0);
    assert.deepEqual(findQemus(project.path), []);
    assert.deepEqual(below(root), ['castra.lock']);
  });

  it('leaves a disk that some process has open, and the record that proves whose it is', async () => {
    const root = await crash(open());
    const [disk = ''] = readdirSync(join(root, 'overlays'));
    const holder = spawn('qemu-io', [join(root, 'overlays', disk)], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    const { roots } = await cleanJson(project);
    holder.stdin.end('quit\n');
    await once(holder, 'close');
    const skipped = roots[0]?.actions.flatMap(({ result, kind }) => (result === 'skipped' ? [kind] : []));
    assert.deepEqual(skipped, ['overlay', 'record']);
    assert.deepEqual(below(root), ['castra.lock', 'overlays', `overlays/${disk}`, 'web-0.json']);
    await cleanJson(project);
    assert.deepEqual(below(root), ['castra.lock']);
  });

  it('keeps logs, handshakes and disks that were put aside as it is told', async () => {
    const root = await crash(open());
    for (const folder of ['kept', 'handshakes', 'logs/bootstrap']) mkdirSync(join(root, folder), { recursive: true });
    makeQcow2(join(root, 'kept', 'web-0-1.qcow2'));
    writeFileSync(join(root, 'handshakes', 'web-0.json'), '{}');
    writeFileSync(join(root, 'logs', 'bootstrap', 'web-0-1700000000.json'), '{}');
    await cleanJson(project, '--no-logs', '--no-handshakes');
    assert.deepEqual(
      below(root).filter((name) => !name.startsWith('logs')),
      ['castra.lock', 'handshakes', 'handshakes/web-0.json', 'kept', 'kept/web-0-1.qcow2'],
    );
    assert.ok(existsSync(join(root, 'logs', 'web-0.log')));
    await cleanJson(project);
    assert.deepEqual(below(root), ['castra.lock', 'kept', 'kept/web-0-1.qcow2']);
    await cleanJson(project, '--kept');
    assert.deepEqual(below(root), ['castra.lock']);
  });

  it('removes rotated logs, however many', async () => {
    const root = await crash(open());
    for (let index = 1; index <= 64; index++) {
      for (const name of ['web-0', 'web-0-serial', 'broker']) {
        writeFileSync(join(root, 'logs', `${name}.log.${index}`), 'x');
      }
    }
    assert.ok((await cleanJson(project)).reclaimedBytes >= 64 * 3 * 512);
    assert.deepEqual(below(root), ['castra.lock']);
  });

  it('counts what the disk gets back: blocks, and a file with two names once or not at all', async () => {
    const root = await crash(open());
    await cleanJson(project);
    mkdirSync(join(root, 'logs'));
    const log = (name: string) => join(root, 'logs', name);
    writeFileSync(log('sparse.log'), '');
    truncateSync(log('sparse.log'), 1 << 30);
    writeFileSync(log('a.log'), Buffer.alloc(8192, 1));
    linkSync(log('a.log'), log('b.log'));
    writeFileSync(log('c.log'), Buffer.alloc(8192, 1));
    linkSync(log('c.log'), join(project.path, 'mine'));
    const once = lstatSync(log('a.log')).blocks * 512;
    const planned = await cleanJson(project, '--dry-run');
    assert.deepEqual([planned.reclaimedBytes, (await cleanJson(project)).reclaimedBytes], [once, once]);
    assert.equal(readFileSync(join(project.path, 'mine')).length, 8192);
  });

  it('removes a disk at a place of the user only while it is the file that was made for the VM', async () => {
    const disk = join(open(toml('overlay = "disks/web.qcow2"')).path, 'disks', 'web.qcow2');
    const root = await crash(project);
    rmSync(disk);
    makeQcow2(disk);
    const { roots } = await cleanJson(project);
    assert.ok(existsSync(disk));
    assert.match(roots[0]?.actions.find(({ path }) => path === disk)?.reason ?? '', /not the file that Castra created/);
    assert.deepEqual(below(root), ['castra.lock']);
    rmSync(disk);
    await crash(project);
    await cleanJson(project);
    assert.ok(!existsSync(disk) && existsSync(dirname(disk)));
  });

  it('goes on after a file that it may not remove, tells it, and exits with 1', async () => {
    const root = await crash(open());
    chmodSync(join(root, 'logs'), 0o500);
    const result = await runCli(project, ['clean', '--json'], { obedient: true });
    assert.equal(result.code, 1, result.stdout + result.stderr);
    const actions = outcomeOf<CleanOutcome>(result).roots[0]?.actions ?? [];
    const failed = actions.filter((action) => action.result === 'failed');
    assert.ok(failed.length > 0 && failed.every(({ kind, reason }) => kind === 'logs' && /EACCES/.test(reason ?? '')));
    assert.deepEqual(readdirSync(root), ['castra.id', 'castra.lock', 'keys', 'logs']);
    chmodSync(join(root, 'logs'), 0o300);
    const unreadable = outcomeOf<CleanOutcome>(await runCli(project, ['clean', '--json'], { obedient: true }));
    assert.match(unreadable.roots[0]?.actions[0]?.reason ?? '', /EACCES/);
    chmodSync(join(root, 'logs'), 0o700);
  });

  it('never meets `up` half-way: one of them is busy, and the VM runs or does not', async () => {
    open();
    await runCli(project, ['up', '--no-wait']);
    await runCli(project, ['down']);
    for (let round = 0; round < 4; round++) {
      const [up, cleaned] = await Promise.all([
        runCli(project, ['up', '--json']),
        runCli(project, ['clean', '--json']),
      ]);
      if (up.code !== 0) assert.equal(failureKind(up), 'busy', up.stdout);
      if (cleaned.code !== 0) assert.match(failureKind(cleaned), /^(?:busy|clean-refused)$/);
      const [vm] = outcomeOf<StatusOutcome>(await runCli(project, ['status', '--json'])).vms;
      assert.equal(vm?.state, up.code === 0 ? 'running' : 'stopped');
      assert.equal((await runCli(project, ['down'])).code, 0);
    }
  });

  it('removes cached images that no disk stands on, only with --images', async () => {
    open();
    const image = join(project.path, 'other.qcow2');
    makeQcow2(image);
    assert.equal((await runCli(project, ['images', 'import', image])).code, 0);
    const cached = () => readdirSync(join(project.home, 'images')).filter((name) => name.endsWith('.qcow2'));
    await cleanJson(project);
    const { images, reclaimedBytes } = await cleanJson(project, '--images', '--dry-run');
    assert.deepEqual(
      [images?.files.map(({ result }) => result), images?.reclaimedBytes],
      [['planned'], reclaimedBytes],
    );
    assert.equal(cached().length, 1);
    const done = await runCli(project, ['clean', '--images']);
    assert.match(done.stdout, /1 file removed/);
    assert.deepEqual(cached(), []);
  });

  it('refuses flags that name two places', async () => {
    open();
    for (const flags of [
      ['--global', '--state-root', '/srv/x'],
      ['--global', '--config', 'castra.toml'],
      ['--state-root', '/srv/x', '--project', 'p'],
    ]) {
      assert.equal((await runCli(project, ['clean', ...flags])).code, 64);
    }
  });
});

describe('castra clean --global', () => {
  const opened: TempProject[] = [];
  afterEach(async () => {
    for (const project of opened.splice(0)) await project.dispose();
  });
  /** The second one uses the first one's home. */
  const open = (home?: string, text = toml()) => {
    const own = tempProject(text);
    const project = home === undefined ? own : { ...own, home };
    opened.push(project);
    return project;
  };
  const register = (project: TempProject, id: string, stateRoot: string) =>
    registerProject(project.home, {
      id,
      name: id,
      configPath: project.configPath,
      stateRoot,
      lastUpAt: '2026-01-01T00:00:00Z',
    });

  it('cleans every project, passes over one that runs or is no state root, and says so', async () => {
    const stopped = open();
    const running = open(stopped.home);
    const outside = open(stopped.home, toml('', 'state_dir = "state"'));
    const roots = [await crash(stopped), await crash(outside)];
    await runCli(running, ['up']);
    register(outside, 'outside', join(outside.path, 'state'));
    const foreign = join(stopped.home, 'projects', 'foreign');
    mkdirSync(foreign);
    writeFileSync(join(foreign, 'web.log'), 'mine');
    const result = await runCli(stopped, ['clean', '--global']);
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stderr, /warning: .*web-0 \(pid \d+\) is running there/);
    assert.match(result.stderr, /warning: .*foreign was not created by Castra for you/);
    for (const root of roots) assert.deepEqual(below(root), ['castra.lock']);
    assert.deepEqual(below(foreign), ['web.log']);
    assert.equal(findQemus(stopped.path).length + findQemus(running.path).length, 1);
    assert.equal((await runCli(running, ['status'])).code, 0);
  });

  it('passes over a project that another command is changing', async () => {
    const other = open();
    const busy = open(other.home);
    const root = await crash(other);
    const starting = startCli(busy, ['up', '--json'], { fake: { '*': { noBanner: true } } });
    await starting.until('vm.launched');
    const result = await runCli(busy, ['clean', '--global']);
    starting.child.kill('SIGINT');
    await starting.result;
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stderr, /warning: .* was not cleaned: `castra up` \(pid \d+\) has been changing/);
    assert.deepEqual(below(root), ['castra.lock']);
  });

  it('fails when every project was passed over', async () => {
    const running = open();
    await runCli(running, ['up']);
    const result = await runCli(running, ['clean', '--global', '--json']);
    assert.deepEqual([result.code, failureKind(result)], [70, 'clean-refused']);
  });

  it('forgets a project whose file and state are both gone, and no other', async () => {
    const project = open();
    register(project, 'here', join(project.path, 'nowhere'));
    const gone = { ...project, configPath: join(project.path, 'gone.toml') };
    register(gone, 'gone', join(project.path, 'nowhere'));
    assert.deepEqual((await cleanJson(project, '--global', '--dry-run')).forgotten, ['gone']);
    assert.equal(knownProjects(project.home).length, 2);
    assert.deepEqual((await cleanJson(project, '--global')).forgotten, ['gone']);
    assert.deepEqual(
      knownProjects(project.home).map(({ id }) => id),
      ['here'],
    );
  });

  it('has nothing to do in a home that is not there', async () => {
    const project = open();
    rmSync(project.home, { recursive: true });
    const result = await runCli(project, ['clean', '--global']);
    assert.deepEqual([result.code, result.stdout], [0, 'Nothing to clean.\n']);
    assert.ok(!existsSync(project.home));
  });
});

it('removes sockets that QEMU left in the short folder, and no file that took their place', async () => {
  const deep = 'd'.repeat(100);
  const project = tempProject(toml('', `state_dir = "${deep}"`));
  try {
    const root = await crash(project);
    const record = JSON.parse(readFileSync(join(root, 'web-0.json'), 'utf8')) as { sockets: Record<string, string> };
    const { qmp = '', monitor = '' } = record.sockets;
    assert.ok(!qmp.startsWith(root));
    for (const path of [qmp, monitor]) rmSync(path, { force: true });
    const server = createServer().listen(qmp);
    await new Promise((done) => server.once('listening', done));
    writeFileSync(monitor, 'mine');
    await cleanJson(project);
    assert.ok(!existsSync(qmp));
    assert.equal(readFileSync(monitor, 'utf8'), 'mine');
    rmSync(monitor);
    server.close();
  } finally {
    await project.dispose();
  }
});
