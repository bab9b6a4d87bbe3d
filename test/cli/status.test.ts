import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { StatusOutcome } from '../../runtime/contract/vms.ts';
import { outcomeOf, runCli, startCli } from '../support/cli.ts';
import { findQemus, type TempProject, tempProject } from '../support/tempProject.ts';

const TOML = `version = "0.2.0"
[project]
name = "shop"
[[vms]]
name = "web"
cpus = 1
memory = "64 MiB"
base_image = "base.qcow2"
port_forwards = [{ host = 0, guest = 80 }]
`;

describe('castra status', () => {
  let project: TempProject;
  afterEach(() => project.dispose());

  it('shows declared VMs that do not run', async () => {
    project = tempProject(TOML);
    const { stdout, code } = await runCli(project, ['status']);
    assert.equal(code, 0);
    assert.equal(
      stdout,
      [
        'Project: shop (castra.toml)',
        '',
        'VM     STATE    CPU/MEM  UPTIME  BUS  BUS AGE  FORWARDS',
        'web-0  stopped  1/64MiB       —  —          —  auto->80/tcp',
        '',
      ].join('\n'),
    );
  });

  it('shows uptime and the ports in force of a running VM', async () => {
    project = tempProject(TOML);
    await runCli(project, ['up']);
    const { stdout } = await runCli(project, ['status']);
    assert.match(stdout, /web-0 {2}running {2}1\/64MiB {2}00:00:0\d {2}— {10}— {2}\d+->80\/tcp, \d+->22\/tcp/);
    assert.match(stdout, /Overlays on disk: web-0 [\d.]+ KiB/);
  });

  it('does not say that there are no VMs while castra.toml has errors', async () => {
    project = tempProject(TOML.replace('cpus = 1', 'cpus = 0'));
    const { stdout, stderr } = await runCli(project, ['status']);
    assert.match(stderr, /must be at least 1/);
    assert.match(stdout, /castra\.toml has errors\. Correct it to list its VMs/);
    assert.equal(outcomeOf<StatusOutcome>(await runCli(project, ['status', '--json'])).configErrors, 1);
  });

  it('exits with 1 when QEMU was killed, and says what to do', async () => {
    project = tempProject(TOML);
    await runCli(project, ['up']);
    for (const { pid } of findQemus(project.path)) process.kill(pid, 'SIGKILL');
    while (findQemus(project.path).length > 0) await new Promise((done) => setTimeout(done, 5));
    const { stdout, code } = await runCli(project, ['status']);
    assert.equal(code, 1);
    assert.match(stdout, /web-0 {2}error/);
    assert.match(
      stdout,
      /web-0: QEMU crashed or was killed\. Its disk \([^)]+\) is still there: `castra up web-0` puts it aside/,
    );
    assert.equal((await runCli(project, ['up'])).code, 0);
  });

  it('prints no colours to a pipe', async () => {
    project = tempProject(TOML);
    assert.ok(!(await runCli(project, ['status'])).stdout.includes('\u001b'));
  });

  it('streams a snapshot per change with --watch --json, until it is told to stop', async () => {
    project = tempProject(TOML);
    const running = startCli(project, ['status', '--watch', '--json']);
    await running.until('"state":"stopped"');
    await runCli(project, ['up']);
    await running.until('"state":"running"');
    running.child.kill('SIGINT');
    const { code, stdout } = await running.result;
    assert.equal(code, 0);
    assert.equal(stdout.trim().split('\n').at(-1)?.includes('command.completed'), true);
  });
});
