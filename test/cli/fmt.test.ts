import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { lines, runCli } from '../support/cli.ts';
import { type TempProject, tempProject } from '../support/tempProject.ts';

const UGLY = 'version="0.2.0" # x\n[project]\nname = "p"\n\n\n\n[[vms]]\n  name = "web"';
const FINE = 'version = "0.2.0" # x\n\n[project]\nname = "p"\n\n[[vms]]\nname = "web"\n';

describe('castra fmt', () => {
  let project: TempProject;
  const read = () => readFileSync(project.configPath, 'utf8');
  afterEach(() => project.dispose());

  it('formats the file, and has nothing to do a second time', async () => {
    project = tempProject(UGLY);
    chmodSync(project.configPath, 0o640);
    const names = readdirSync(project.path);
    const first = await runCli(project, ['fmt']);
    assert.deepEqual([first.code, first.stdout, read()], [0, '✔ Formatted castra.toml.\n', FINE]);
    assert.equal(statSync(project.configPath).mode & 0o777, 0o640);
    assert.deepEqual(readdirSync(project.path), names);
    const second = await runCli(project, ['fmt']);
    assert.deepEqual([second.code, second.stdout], [0, '✔ castra.toml is formatted.\n']);
  });

  it('only looks with --check, and exits with 1 when there is something to change', async () => {
    project = tempProject(UGLY);
    const result = await runCli(project, ['fmt', '--check']);
    assert.deepEqual([result.code, read()], [1, UGLY]);
    assert.match(result.stdout, /castra\.toml is not formatted/);
    writeFileSync(project.configPath, FINE);
    assert.equal((await runCli(project, ['fmt', '--check'])).code, 0);
  });

  it('leaves a file alone that is no TOML, and exits with 65', async () => {
    project = tempProject(`${UGLY}\nx = `);
    const result = await runCli(project, ['fmt']);
    assert.deepEqual([result.code, read()], [65, `${UGLY}\nx = `]);
    assert.match(result.stderr, /castra\.toml:9:3: error: .*\[toml\/missing-value\]/);
  });

  it('leaves a file alone that is no UTF-8', async () => {
    project = tempProject(FINE);
    const bytes = Buffer.concat([Buffer.from('# '), Buffer.from([0xe9]), Buffer.from(`\n${UGLY}`)]);
    writeFileSync(project.configPath, bytes);
    const result = await runCli(project, ['fmt']);
    assert.equal(result.code, 74);
    assert.match(result.stderr, /castra\.toml.*UTF-8/i);
    assert.deepEqual(readFileSync(project.configPath), bytes);
  });

  it('tells programs whether it changed the file', async () => {
    project = tempProject(UGLY);
    const last = lines(await runCli(project, ['fmt', '--json'])).at(-1);
    assert.equal(last?.type, 'command.completed');
    const { changed, formatted } = last.outcome as { changed: boolean; formatted: boolean };
    assert.deepEqual([changed, formatted], [true, true]);
  });
});

describe('castra fmt on a bootstrap.toml', () => {
  it('formats it like castra.toml, whatever its keys are', async () => {
    const project = tempProject(FINE);
    const path = join(project.path, 'bootstrap/web/bootstrap.toml');
    try {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, 'remote_dir="/opt/x"\n[verify]\n  path="done"');
      const { code, stdout } = await runCli(project, ['fmt', path]);
      assert.deepEqual([code, stdout], [0, '✔ Formatted bootstrap/web/bootstrap.toml.\n']);
      assert.equal(readFileSync(path, 'utf8'), 'remote_dir = "/opt/x"\n\n[verify]\npath = "done"\n');
    } finally {
      await project.dispose();
    }
  });
});

describe('castra schema', () => {
  it('prints that of bootstrap.toml when asked for it, and refuses other names', async () => {
    const project = tempProject(FINE);
    try {
      const { stdout } = await runCli(project, ['schema', 'bootstrap'], { cwd: '/' });
      assert.deepEqual(JSON.parse(stdout), JSON.parse(readFileSync('runtime/config/bootstrap.schema.json', 'utf8')));
      const { code, stderr } = await runCli(project, ['schema', 'other']);
      assert.equal(code, 64);
      assert.match(stderr, /castra, bootstrap/);
    } finally {
      await project.dispose();
    }
  });

  it('prints the schema of castra.toml, without a project', async () => {
    const project = tempProject(FINE);
    try {
      const { code, stdout } = await runCli(project, ['schema'], { cwd: '/' });
      assert.equal(code, 0);
      assert.deepEqual(JSON.parse(stdout), JSON.parse(readFileSync('runtime/config/castra.schema.json', 'utf8')));
    } finally {
      await project.dispose();
    }
  });
});
