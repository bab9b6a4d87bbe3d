import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { CLI, runCli } from '../support/cli.ts';
import { type TempProject, tempProject } from '../support/tempProject.ts';

const TOML = `version = "0.2.0"
[project]
name = "p"
[[vms]]
name = "web"
count = 2
[[vms]]
name = "db"
`;

describe('shell completion', () => {
  let project: TempProject;
  beforeEach(() => {
    project = tempProject(TOML);
  });
  afterEach(() => project.dispose());

  const candidates = async (...words: string[]) => {
    const { stdout } = await runCli(project, ['complete', '--', ...words]);
    return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0]]));
  };

  it('offers commands, but not the one that shells use themselves', async () => {
    const commands = await candidates('');
    for (const command of ['up', 'down', 'status', 'completion']) assert.ok(commands.includes(command), command);
    assert.ok(!commands.includes('complete'));
  });

  it('offers the VMs of the project where a command takes some', async () => {
    assert.deepEqual(await candidates('up', ''), ['web-0', 'web-1', 'db-0']);
    assert.deepEqual(await candidates('down', 'w'), ['web-0', 'web-1']);
  });

  it('offers nothing behind `--`, nor where a file is wanted', async () => {
    assert.deepEqual(await candidates('up', '--', ''), []);
    assert.deepEqual(await candidates('up', '--config', ''), []);
  });

  it('offers what an argument or an option is restricted to', async () => {
    assert.deepEqual(await candidates('completion', ''), ['bash', 'zsh', 'fish']);
    assert.deepEqual(await candidates('logs', '--source', ''), ['qemu', 'serial', 'broker', 'bootstrap']);
    assert.deepEqual(await candidates('logs', '--source', 's'), ['serial']);
  });

  it('offers the VMs of the project that -c, --config or --project names', async () => {
    const other = join(project.path, 'other.toml');
    writeFileSync(other, TOML.replace('"db"', '"other"'));
    for (const words of [
      ['-c', other, 'up'],
      ['up', '-c', other],
      ['up', `--config=${other}`],
    ]) {
      assert.deepEqual(await candidates(...words, 'o'), ['other-0'], words.join(' '));
    }
    assert.deepEqual(await candidates('up', '--project', 'nothing-of-this-name', ''), []);
  });

  it('offers `VM:` where cp takes a path', async () => {
    assert.deepEqual(await candidates('cp', 'w'), ['web-0:', 'web-1:']);
    assert.deepEqual(await candidates('cp', 'file', ''), ['web-0:', 'web-1:', 'db-0:']);
    assert.deepEqual(await candidates('cp', './'), []);
  });

  it('offers flags', async () => {
    assert.ok((await candidates('down', '--keep')).includes('--keep-overlay'));
    assert.ok((await candidates('up', '--no')).includes('--no-wait'));
  });

  it('offers nothing, and fails nowhere, without a project or with a broken one', async () => {
    writeFileSync(project.configPath, 'version = \n[[[');
    assert.deepEqual(await candidates('up', ''), []);
    const { stderr, code } = await runCli(project, ['complete', '--', 'up', ''], { cwd: '/' });
    assert.deepEqual([stderr, code], ['', 0]);
  });

  it('works in a real bash', () => {
    const bin = join(project.path, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'castra'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`);
    chmodSync(join(bin, 'castra'), 0o755);
    const script = `
      source <(castra completion bash)
      COMP_WORDS=(castra up 'w$(touch evaluated)'); COMP_CWORD=2
      _castra
      COMP_WORDS=(castra up w); COMP_CWORD=2
      _castra
      printf '%s\\n' "\${COMPREPLY[@]}"
      complete -p castra`;
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, CASTRA_HOME: project.home };
    const output = execFileSync('bash', ['-c', script], { cwd: project.path, env, encoding: 'utf8' });
    assert.deepEqual(output.trim().split('\n'), ['web-0', 'web-1', 'complete -o default -F _castra castra']);
    assert.equal(existsSync(join(project.path, 'evaluated')), false);
  });
});
