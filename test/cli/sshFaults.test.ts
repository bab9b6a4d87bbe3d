import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { SshConfigOutcome } from '../../runtime/contract/ssh.ts';
import { projectFiles } from '../../runtime/state/layout.ts';
import { outcomeOf, runCli } from '../support/cli.ts';
import { type TempProject, tempProject } from '../support/tempProject.ts';

const TOML = `version = "0.1.0"
[project]
name = "p"
state_dir = "s"
[[vms]]
name = "web"
base_image = "base.qcow2"
`;

describe('SSH to a VM that does not run', () => {
  let project: TempProject;
  before(async () => {
    project = tempProject(TOML);
  });
  after(() => project.dispose());

  test('before anything ran, ssh-config is empty and leaves nothing behind', async () => {
    const result = await runCli(project, ['ssh-config']);
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /# No VM runs\./);
    assert.equal(/^Host/m.test(result.stdout), false);
    assert.equal(existsSync(join(project.path, 's')), false);
  });

  test('a VM that was never started is told, and how to start it', async () => {
    for (const args of [
      ['ssh', 'web'],
      ['cp', 'castra.toml', 'web:'],
    ]) {
      const result = await runCli(project, args);
      assert.equal(result.code, 70);
      assert.match(result.stderr, /web is not running: it is stopped\. `castra up web` starts it\./);
    }
    const all = await runCli(project, ['exec', '--all', 'true']);
    assert.equal(all.code, 64);
    assert.match(all.stderr, /No VM of this project is running/);
  });

  test('ssh-config has a VM for as long as it runs', async () => {
    assert.equal((await runCli(project, ['up'])).code, 0);
    const { hosts, path } = outcomeOf<SshConfigOutcome>(await runCli(project, ['ssh-config', '--json']));
    assert.equal(hosts.length, 1);
    assert.equal(path, projectFiles(join(project.path, 's')).sshConfig);
    assert.equal((await runCli(project, ['down'])).code, 0);
    const later = outcomeOf<SshConfigOutcome>(await runCli(project, ['ssh-config', '--json']));
    assert.deepEqual(later.hosts, []);
    assert.equal(/^Host/m.test(later.text), false);
  });
});
