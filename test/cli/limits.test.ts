// What is broken, hostile or far too large gets a sentence: no command hangs, and none ends in a stack trace.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { afterEach, describe, it } from 'node:test';
import { CLI, lines, runCli, startCli } from '../support/cli.ts';
import { FAKE_QEMU } from '../support/fakeVm.ts';
import { type TempProject, tempProject } from '../support/tempProject.ts';

const HEAD = 'version = "0.2.0"\n[project]\nname = "p"\n';
const vm = (name: string, more = '') =>
  `[[vms]]\nname = "${name}"\ncpus = 1\nmemory = "64 MiB"\nbase_image = "base.qcow2"\n${more}`;

describe('a project', () => {
  let project: TempProject;
  afterEach(() => project.dispose());
  const castra = (...args: string[]) => runCli(project, args);

  it('has at most 1,000 VMs: one error names the first role that is too many, and no time is lost', async () => {
    const roles = Array.from({ length: 100 }, (_, row) => vm(`r${row}`, 'count = 1000\n'));
    project = tempProject(HEAD + roles.join(''));
    const found = lines(await castra('validate', '--json')).flatMap((line) =>
      line.type === 'diagnostic' ? [[line.diagnostic.code, line.diagnostic.message]] : [],
    );
    assert.deepEqual(found, [['config/out-of-range', 'With this role the project has more than 1000 VMs.']]);
    assert.equal((await castra('status')).code, 0);
  });

  it('has a castra.toml of at most 2 MiB', async () => {
    project = tempProject(HEAD + vm('web'));
    writeFileSync(project.configPath, `#${'x'.repeat(2 * 1024 * 1024)}`);
    for (const command of ['status', 'validate', 'fmt']) {
      const result = await castra(command);
      assert.equal(result.code, 74);
      assert.match(result.stderr, /it has \d+ bytes, and Castra reads files of at most 2097152\./);
    }
  });

  it('may have keys of 200 parts', async () => {
    project = tempProject(`${HEAD}${Array.from({ length: 200 }, (_, at) => `a${at}`).join('.')} = 1\n`);
    assert.equal((await castra('fmt')).code, 0);
    assert.doesNotMatch((await castra('validate')).stderr, /bug/);
  });
});

describe('the home of a user', () => {
  let project: TempProject;
  afterEach(() => project.dispose());
  const list = (env: Record<string, string>) =>
    spawnSync(process.execPath, [CLI, 'up'], {
      cwd: project.path,
      env: { PATH: process.env.PATH, ...env },
      encoding: 'utf8',
      timeout: 60_000,
    });

  it('is the account’s where HOME is empty or relative: nothing is written to where the command runs', () => {
    project = tempProject(HEAD);
    for (const HOME of ['', 'relative']) {
      const { stderr } = list({ HOME });
      assert.doesNotMatch(stderr, /bug|at .*\.js:/);
      assert.doesNotMatch(stderr, new RegExp(`${project.path}/(?:relative/)?\\.castra`));
    }
  });

  it('below a folder that answers ENOENT for ever is refused, not tried for ever', () => {
    project = tempProject(HEAD + vm('web'));
    const { stderr, signal } = list({ HOME: '/proc/x' });
    assert.equal(signal, null, 'it hung');
    assert.match(stderr, /Cannot use the state root \/proc\/x\/\.castra/);
  });
});

describe('a command', () => {
  let project: TempProject;
  afterEach(() => project.dispose());

  it('says that its output was lost on a full disk, and exits with 74', {
    skip: process.platform !== 'linux' && '/dev/full is a part of Linux',
  }, () => {
    project = tempProject(HEAD + vm('web'));
    const command = `'${process.execPath}' '${CLI}' status > /dev/full`;
    const env = { ...process.env, CASTRA_HOME: project.home };
    const { status, stderr } = spawnSync('sh', ['-c', command], { cwd: project.path, env, encoding: 'utf8' });
    assert.equal(status, 74);
    assert.match(stderr, /^Error: Cannot write the output: ENOSPC/);
  });

  it('ends at the second Ctrl-C, whatever it does', async () => {
    project = tempProject(HEAD + vm('web'));
    // QEMU never opens its sockets, and ignores SIGTERM: the roll-back of the first Ctrl-C takes seconds.
    const { child, until } = startCli(project, ['up', '--json'], {
      fake: { '*': { hang: true, ignoreSigterm: true } },
    });
    await until('"phase":"qemu"');
    child.kill('SIGINT');
    await new Promise((done) => setTimeout(done, 300));
    const started = performance.now();
    child.kill('SIGINT');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    assert.ok(performance.now() - started < 1500);
  });
});

describe('a shell that allows few open files', () => {
  let project: TempProject;
  afterEach(() => project.dispose());

  it('gets a sentence', async () => {
    project = tempProject(HEAD + vm('web'));
    const { path: cwd, home } = project;
    const env = { ...process.env, CASTRA_HOME: home, CASTRA_QEMU: FAKE_QEMU };
    const line = `ulimit -n 24; exec '${process.execPath}' '${CLI}' up`;
    const { status, stderr } = spawnSync('sh', ['-c', line], { cwd, env, encoding: 'utf8' });
    assert.equal(status === null || status === 0, false, stderr);
    assert.match(stderr, /^Error: .*too many files are open; raise the limit \(`ulimit -n 1024`\)\.$/m);
    assert.doesNotMatch(stderr, /has a bug/);
    assert.doesNotMatch(stderr, /^\s+at /m);
  });
});
