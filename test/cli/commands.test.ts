import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { lines, runCli, startCli } from '../support/cli.ts';
import { type TempProject, tempProject } from '../support/tempProject.ts';

const VALID = 'version = "0.2.0"\n[project]\nname = "p"\n[[vms]]\nname = "web"\nbase_image = "base.qcow2"\n';

describe('the castra command', () => {
  let project: TempProject;
  const open = (toml = VALID) => {
    project = tempProject(toml);
    return project;
  };
  afterEach(() => project.dispose());

  it('prints its version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    for (const flag of ['--version', '-V']) {
      assert.deepEqual((await runCli(open(), [flag])).stdout, `castra ${version}\n`);
      await project.dispose();
    }
  });

  it('prints its help and exits with 64 when no command is given', async () => {
    const result = await runCli(open(), []);
    assert.equal(result.code, 64);
    for (const command of ['init', 'validate', 'up', 'down', 'status'])
      assert.match(result.stdout, new RegExp(`^  ${command}\\b`, 'm'));
  });

  it('lists environment variables and exit codes in its help', async () => {
    const { stdout, code } = await runCli(open(), ['--help']);
    assert.equal(code, 0);
    for (const word of ['CASTRA_HOME', 'CASTRA_QEMU', 'CASTRA_ACCELERATOR', 'NO_COLOR', '130 cancelled'])
      assert.ok(stdout.includes(word), word);
  });

  it('suggests the command that was meant, and exits with 64', async () => {
    const result = await runCli(open(), ['stauts']);
    assert.equal(result.code, 64);
    assert.match(result.stderr, /Did you mean `castra status`\?/);
  });

  it('exits with 64 for a flag with a bad value', async () => {
    const result = await runCli(open(), ['up', '--timeout', 'soon']);
    assert.equal(result.code, 64);
    assert.match(result.stderr, /number of seconds/);
  });

  it('exits with 64 for a bad CASTRA_ACCELERATOR', async () => {
    const result = await runCli(open(), ['status'], { env: { CASTRA_ACCELERATOR: 'warp' } });
    assert.equal(result.code, 64);
    assert.match(result.stderr, /CASTRA_ACCELERATOR is "warp"/);
  });

  it('says how to begin where there is no castra.toml, and exits with 66', async () => {
    const result = await runCli(open(), ['status'], { cwd: '/' });
    assert.equal(result.code, 66);
    assert.match(result.stderr, /castra init/);
  });

  it('exits with 66 when --config names no file', async () => {
    assert.equal((await runCli(open(), ['-c', 'nowhere.toml', 'status'])).code, 66);
  });

  it('takes --config and --json before and after the command', async () => {
    const { configPath } = open();
    for (const args of [
      ['-c', configPath, '--json', 'validate'],
      ['validate', '--json', '-c', configPath],
    ]) {
      const result = await runCli(project, args, { cwd: '/' });
      assert.equal(result.code, 0, result.stderr);
      assert.equal(lines(result).at(-1)?.type, 'command.completed');
    }
  });

  it('stays quiet when its reader goes away', async () => {
    const running = startCli(open(), ['status']);
    running.child.stdout?.destroy();
    const result = await running.result;
    assert.deepEqual([result.code, result.stderr], [0, '']);
  });
});

describe('castra validate', () => {
  let project: TempProject;
  afterEach(() => project.dispose());

  it('says nothing of a warning that a comment ignores, but of a comment that ignores nothing', async () => {
    project = tempProject(`${VALID}cpu = 1 # castra: ignore unknown-key\n# castra: ignore wrong-type\nmemory = 64\n`);
    const result = await runCli(project, ['validate', '--json']);
    const codes = lines(result).flatMap((line) => (line.type === 'diagnostic' ? [line.diagnostic.code] : []));
    assert.deepEqual([codes, result.code], [['config/useless-ignore'], 0]);
  });

  it('says that a valid file is valid', async () => {
    project = tempProject(VALID);
    const result = await runCli(project, ['validate']);
    assert.deepEqual([result.code, result.stdout], [0, '✔ castra.toml is valid.\n']);
  });

  it('prints every problem as file:line:col: severity: message [code], and exits with 65', async () => {
    project = tempProject('version = "0.2.0"\n[project]\nnam = "p"\n[[vms]]\nname = "Web"\ncpus = 0\n');
    const result = await runCli(project, ['validate']);
    assert.equal(result.code, 65);
    const findings = result.stderr.split('\n').filter((line) => /^castra\.toml:\d+:\d+: /.test(line));
    assert.deepEqual(
      findings.map((line) => line.replace(/^(\S+ \w+): .* \[(.*)\]$/, '$1 $2')),
      [
        'castra.toml:2:2: error config/missing-key',
        'castra.toml:3:1: warning config/unknown-key',
        'castra.toml:5:8: error config/invalid-vm-name',
        'castra.toml:6:8: error config/out-of-range',
      ],
    );
  });

  it('warns about files that do not exist, and the project is valid all the same', async () => {
    project = tempProject(VALID.replace('base.qcow2', 'a.qcow2'));
    const result = await runCli(project, ['validate']);
    assert.deepEqual([result.code, result.stdout], [0, '✔ castra.toml is valid, 1 warning.\n']);
    assert.match(result.stderr, /^castra\.toml:\d+:14: warning: The base image \S+a\.qcow2 does not exist\./m);
  });

  it('streams the same findings as JSON', async () => {
    project = tempProject('version = "0.2.0"\n[project]\nname = "p"\n[[vms]]\nname = "web"\ncpus = "2"\n');
    const result = await runCli(project, ['validate', '--json']);
    assert.equal(result.code, 65);
    const types = lines(result).map((line) => line.type);
    assert.deepEqual(types, ['stream.started', 'diagnostic', 'command.completed']);
  });
});

describe('castra init', () => {
  let project: TempProject;
  afterEach(() => project.dispose());

  it('writes a file that is valid, whatever the name', async () => {
    project = tempProject(VALID);
    for (const name of ['plain', 'We"ird', 'back\\slash', "it's", 'two\nlines', '🚀']) {
      const path = join(project.path, 'new', 'castra.toml');
      const made = await runCli(project, ['init', '--force', '--project-name', name, '-o', path]);
      assert.equal(made.code, 0, made.stderr);
      assert.equal((await runCli(project, ['validate', path])).code, 0, name);
    }
  });

  it('does not overwrite a file without --force, and exits with 73', async () => {
    project = tempProject(VALID);
    const refused = await runCli(project, ['init']);
    assert.equal(refused.code, 73);
    assert.equal(readFileSync(project.configPath, 'utf8'), VALID);
    assert.equal((await runCli(project, ['init', '--force'])).code, 0);
    assert.notEqual(readFileSync(project.configPath, 'utf8'), VALID);
  });

  it('prints the state root that up will use', async () => {
    project = tempProject(VALID);
    const { stdout } = await runCli(project, ['init', '--force', '--project-name', 'p']);
    writeFileSync(project.configPath, VALID);
    await runCli(project, ['up', '--no-wait']);
    const stateRoot = /state +→ (.*)/.exec(stdout)?.[1] ?? '';
    assert.ok(existsSync(join(stateRoot, 'web-0.json')), stateRoot);
  });
});
