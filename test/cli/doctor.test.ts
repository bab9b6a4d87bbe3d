import assert from 'node:assert/strict';
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import type { DoctorFinding, DoctorOutcome } from '../../runtime/contract/doctor.ts';
import { findExecutable } from '../../runtime/process/spawn.ts';
import { registerProject } from '../../runtime/state/registry.ts';
import { type CliOptions, type CliResult, outcomeOf, runCli } from '../support/cli.ts';
import { findQemus, type TempProject, tempProject } from '../support/tempProject.ts';

const toml = (project = '', more = '') =>
  `version = "0.2.0"\n[project]\nname = "p"\n${project}\n[[vms]]\nname = "web"\ncpus = 1\nmemory = "64 MiB"\nbase_image = "base.qcow2"\n${more}\n`;

const byCheck = (result: CliResult, check: string): DoctorFinding[] =>
  outcomeOf<DoctorOutcome>(result).findings.filter((finding) => finding.check === check);

/** All that a change below a folder would change. */
const photograph = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .concat('.')
    .map((name) => {
      const { ino, mode, size, mtimeNs, ctimeNs } = lstatSync(join(folder, name), { bigint: true });
      return [name, ino, mode, size, mtimeNs, ctimeNs].join(' ');
    });

describe('castra doctor', () => {
  let project: TempProject;
  const open = (text = toml()) => {
    project = tempProject(text);
    return project;
  };
  const doctor = (options: CliOptions = {}, ...args: string[]) =>
    runCli(project, ['doctor', '--json', ...args], options);
  afterEach(() => project.dispose());

  it('looks at the real programs of this host, says what to do about all that is not well, and changes nothing', async () => {
    open();
    const before = photograph(project.path);
    const result = await doctor({ real: true });
    assert.deepEqual(photograph(project.path), before);
    const { findings, errors, warnings } = outcomeOf<DoctorOutcome>(result);
    assert.equal(result.code, errors > 0 ? 1 : 0);
    for (const finding of findings) {
      assert.match(finding.check, /^(?:host|qemu|accelerator|home|environment|project)\.[a-z0-9_-]+$/);
      assert.notEqual(finding.message, '');
      assert.equal(typeof finding.details, 'object');
      if (finding.status !== 'ok') assert.match(finding.fix, /\S/, JSON.stringify(finding));
    }
    const count = (status: string) => findings.filter((finding) => finding.status === status).length;
    assert.deepEqual([errors, warnings], [count('error'), count('warning')]);
    const expected = ['host.node', 'host.ssh', 'host.cpus', 'host.memory', 'host.disk', 'qemu.system', 'qemu.image'];
    for (const check of [...expected, 'accelerator.tcg', 'home.folder', 'home.images', 'project.config']) {
      assert.ok(byCheck(result, check).length > 0, check);
    }
    assert.match(String(byCheck(result, 'qemu.system')[0]?.details.version), /^\d+\.\d+/);
    assert.equal(typeof byCheck(result, 'accelerator.tcg')[0]?.details.elapsedMs, 'number');
    assert.match(byCheck(result, 'qemu.image')[0]?.message ?? '', /^qemu-img \d/);
  });

  it('shows groups, marks and indented fixes to people', async () => {
    open();
    chmodSync(project.home, 0o755);
    const { code, stdout } = await runCli(project, ['doctor']);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^Host\n {2}✔ Node /);
    assert.match(stdout, /\n\nQEMU\n {2}✔ QEMU /);
    assert.match(stdout, /\n {2}! .*home is accessible to other users \(mode 0755\)\n {6}chmod 700 \S+home\n/);
    assert.match(stdout, /\n✔ VMs can run here; \d+ warnings?\.\n$/);
  });

  it('names the command that installs QEMU when it is not on PATH', async () => {
    open();
    const bin = join(project.path, 'bin');
    mkdirSync(bin);
    for (const name of ['flock', 'ssh']) {
      const path = findExecutable(name);
      if (path) symlinkSync(path, join(bin, name));
    }
    const result = await doctor({ real: true, env: { PATH: bin } });
    assert.equal(result.code, 1);
    for (const check of ['qemu.system', 'qemu.image']) {
      const [finding] = byCheck(result, check);
      assert.equal(finding?.status, 'error', check);
      assert.match(finding?.status === 'error' ? finding.fix : '', /qemu/);
    }
    assert.deepEqual(byCheck(result, 'accelerator.tcg'), []);
    assert.equal(byCheck(result, 'host.flock')[0]?.status, process.platform === 'linux' ? 'ok' : undefined);
    const text = await runCli(project, ['doctor'], { real: true, env: { PATH: bin } });
    assert.match(text.stdout, /\n {2}✘ QEMU is missing: qemu-system-\S+ is not on PATH\n {6}Install it with/);
    assert.match(text.stdout, /\n✘ 2 errors, /);
  });

  it('says that nothing can be locked without flock', {
    skip: process.platform !== 'linux' && 'only Linux needs it',
  }, async () => {
    open();
    const [finding] = byCheck(await doctor({ env: { PATH: project.home } }), 'host.flock');
    assert.equal(finding?.status, 'error');
  });

  it('reports a home that is not writable', async () => {
    open();
    chmodSync(project.home, 0o500);
    const result = await doctor({ obedient: true });
    chmodSync(project.home, 0o700);
    assert.equal(result.code, 1);
    assert.match(byCheck(result, 'home.folder')[0]?.message ?? '', /is not writable \(mode 0500\)/);
  });

  it('refuses a home of another user', async (test) => {
    if (process.getuid?.() !== 0) return test.skip('only root can give a folder to somebody else');
    open();
    chownSync(project.home, 65_534, 65_534);
    const result = await doctor();
    assert.equal(result.code, 1);
    assert.match(byCheck(result, 'home.folder')[0]?.message ?? '', /another user \(uid 65534\)/);
  });

  it('makes no home that is not there, and says whether `up` could', async () => {
    open();
    rmSync(project.home, { recursive: true });
    const [finding] = byCheck(await doctor(), 'home.folder');
    assert.deepEqual([finding?.status, finding?.details.exists], ['ok', false]);
    assert.ok(!readdirSync(project.path).includes('home'));
    chmodSync(project.path, 0o500);
    const [refused] = byCheck(await doctor({ obedient: true }), 'home.folder');
    chmodSync(project.path, 0o700);
    assert.equal(refused?.status, 'error');
  });

  it('tells what is wrong with castra.toml, and still looks at the host', async () => {
    open(toml('', 'cpus = "many"'));
    const result = await doctor();
    assert.equal(result.code, 1);
    const findings = byCheck(result, 'project.config');
    assert.ok(findings.some(({ status, details }) => status === 'error' && typeof details.line === 'number'));
    assert.equal(byCheck(result, 'qemu.system')[0]?.status, 'ok');
  });

  it('works where there is no project', async () => {
    open();
    rmSync(project.configPath);
    const result = await doctor();
    assert.equal(result.code, 0, result.stdout);
    assert.match(byCheck(result, 'project.config')[0]?.message ?? '', /No castra\.toml/);
    const named = await doctor({}, '--config', 'nowhere.toml');
    assert.deepEqual([named.code, byCheck(named, 'project.config')[0]?.status], [1, 'error']);
  });

  it('names who has the port of the broker', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    const { port } = server.address() as AddressInfo;
    open(toml('', `[broker]\nport = ${port}`));
    const [finding] = byCheck(await doctor(), 'project.broker-port');
    server.close();
    assert.equal(finding?.status, 'warning');
    assert.match(finding?.message ?? '', new RegExp(`port ${port} cannot be used`));
  });

  it('tells where sockets go when the state root has a long path', async () => {
    open(toml(`state_dir = "${'d'.repeat(100)}"`));
    const [finding] = byCheck(await doctor(), 'project.sockets');
    assert.deepEqual([finding?.status, /shorter path/.test(finding?.message ?? '')], ['ok', true]);
  });

  it('finds what VMs left that ended by themselves, and projects whose file is gone', async () => {
    open();
    const up = await runCli(project, ['up']);
    assert.equal(up.code, 0, up.stderr);
    const stateRoot = String(byCheck(await doctor(), 'host.disk').at(-1)?.details.path);
    assert.deepEqual(byCheck(await doctor(), 'home.leftovers'), []);
    const known = { id: 'abc', name: 'gone', configPath: join(project.path, 'gone.toml'), stateRoot };
    registerProject(project.home, { ...known, lastUpAt: '2026-01-01T00:00:00Z' });
    const fixes = (findings: readonly DoctorFinding[]) =>
      findings.flatMap((one) => (one.status === 'ok' ? [] : [one.fix]));
    assert.deepEqual(fixes(byCheck(await doctor(), 'home.projects')), ['castra down --project abc']);
    for (const { pid } of findQemus(project.path)) process.kill(pid, 'SIGKILL');
    while (findQemus(project.path).length > 0);
    const after = await doctor();
    const clean = `castra clean --state-root ${stateRoot}`;
    assert.deepEqual(fixes([...byCheck(after, 'home.projects'), ...byCheck(after, 'home.leftovers')]), [clean, clean]);
  });

  it('counts cached images and names those that cannot be used', async () => {
    open();
    const images = join(project.home, 'images');
    mkdirSync(images);
    writeFileSync(join(images, 'a.qcow2'), 'no image');
    writeFileSync(join(images, 'a.json'), '{');
    const findings = byCheck(await doctor(), 'home.images');
    assert.deepEqual(
      findings.map(({ status }) => status),
      ['ok', 'warning', 'warning'],
    );
    assert.equal(findings[0]?.details.images, 1);
  });

  it('tells what the environment decides, without passwords and without what it does not know', async () => {
    open();
    const env = { HTTPS_PROXY: 'http://me:se/cr@t@proxy.example:8080', https_proxy: '', CASTRA_TOKEN: 'hush' };
    const result = await doctor({ env });
    assert.match(result.stdout, /HTTPS_PROXY=http:\/\/\*\*\*@proxy\.example:8080/);
    assert.doesNotMatch(result.stdout, /se\/cr|hush/);
    assert.ok(
      byCheck(result, 'environment.castra').some(
        ({ status, details }) => status === 'info' && details.name === 'CASTRA_TOKEN',
      ),
    );
  });
});
