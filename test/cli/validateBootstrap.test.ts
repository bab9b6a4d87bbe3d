import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { lines, runCli } from '../support/cli.ts';
import { type TempProject, tempProject } from '../support/tempProject.ts';

const VMS =
  '[[vms]]\nname = "web"\ncount = 2\n[[vms]]\nname = "db"\nbootstrap = { mode = "skip", script = "setup/db.sh" }\n';
const CASTRA = `version = "0.2.0"\n[project]\nname = "p"\n${VMS}`;

describe('castra validate with bootstrap.toml files', () => {
  let project: TempProject;
  beforeEach(() => {
    project = tempProject(CASTRA);
  });
  afterEach(() => project.dispose());
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(project.path, path)), { recursive: true });
    writeFileSync(join(project.path, path), text);
  };

  it('reports what is wrong with those of the VMs, each with its own path', async () => {
    write('bootstrap/web/bootstrap.toml', 'handshake_identity = "wbe"\n');
    write('bootstrap/web-1/bootstrap.toml', 'remote_dri = "/x"\n[ssh]\nidentity = "id"\n');
    write('setup/bootstrap.toml', 'remote_dir = "x"\n');
    write('bootstrap/nobody/bootstrap.toml', 'x = ');
    const { code, stdout, stderr } = await runCli(project, ['validate']);
    assert.equal(code, 65);
    assert.equal(stdout, '✘ castra.toml with 3 bootstrap.toml files: 1 error, 3 warnings.\n');
    const places = [...stderr.matchAll(/^(\S+): (\w+): .*\[(.*)\]$/gm)].map((match) => match.slice(1).join(' '));
    assert.deepEqual(places, [
      'bootstrap/web/bootstrap.toml:1:22 warning config/unknown-identity',
      'bootstrap/web-1/bootstrap.toml:1:1 warning config/unknown-key',
      'bootstrap/web-1/bootstrap.toml:3:12 warning config/missing-file',
      'setup/bootstrap.toml:1:14 error config/remote-dir',
    ]);
  });

  it('says how many it looked at, also to programs', async () => {
    write('bootstrap/web/bootstrap.toml', 'handshake_identity = "web-1"\n');
    const { code, stdout } = await runCli(project, ['validate']);
    assert.deepEqual([code, stdout], [0, '✔ castra.toml with 1 bootstrap.toml file is valid.\n']);
    const last = lines(await runCli(project, ['validate', '--json'])).at(-1);
    assert.equal(last?.type, 'command.completed');
    const { bootstrapPaths } = last.outcome as { readonly bootstrapPaths: readonly string[] };
    assert.deepEqual(bootstrapPaths, [join(project.path, 'bootstrap/web/bootstrap.toml')]);
  });

  it('looks at one alone when that is named, and at its project for names', async () => {
    write('bootstrap/wep/bootstrap.toml', 'handshake_identity = "web"\n');
    const { code, stdout, stderr } = await runCli(project, ['validate', 'bootstrap/wep/bootstrap.toml']);
    assert.deepEqual([code, stdout], [0, '✔ bootstrap/wep/bootstrap.toml is valid.\n']);
    assert.match(
      stderr,
      /bootstrap\/wep\/bootstrap\.toml:1:1: info: .*nothing uses this file\. \[config\/unknown-bootstrap-folder\]/,
    );
  });
});
