import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import type { DownOutcome, StatusOutcome } from '../../runtime/contract/vms.ts';
import { lines, outcomeOf, runCli, startCli } from '../support/cli.ts';
import { findQemus, type TempProject, tempProject } from '../support/tempProject.ts';

const HEAD = 'version = "0.2.0"\n[project]\nname = "p"\n';
const vm = (name: string) => `[[vms]]\nname = "${name}"\ncpus = 1\nmemory = "64 MiB"\nbase_image = "base.qcow2"\n`;
const HASTY = ['--graceful-wait-secs', '0.3', '--sigterm-wait-secs', '0.3', '--sigkill-wait-secs', '5'];

describe('castra down', () => {
  let project: TempProject;
  const open = (...names: string[]) => {
    project = tempProject(HEAD + names.map(vm).join(''));
    return project;
  };
  afterEach(() => project.dispose());

  it('asks the guests to power themselves off, discards their overlays, and says what that freed', async () => {
    open('web', 'db');
    await runCli(project, ['up']);
    const result = await runCli(project, ['down']);
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /2 VMs stopped\. [\d.]+ KiB reclaimed\./);
    assert.deepEqual(findQemus(project.path), []);
    const { vms } = outcomeOf<StatusOutcome>(await runCli(project, ['status', '--json']));
    assert.deepEqual(
      vms.map((one) => [one.state, one.overlayBytes]),
      [
        ['stopped', undefined],
        ['stopped', undefined],
      ],
    );
  });

  it('tells each step in order', async () => {
    open('web');
    await runCli(project, ['up']);
    const events = lines(await runCli(project, ['down', '--json'])).map((line) => line.type);
    assert.deepEqual(events, [
      'stream.started',
      'shutdown.requested',
      'shutdown.cooperative-attempted',
      'shutdown.cooperative-succeeded',
      'shutdown.completed',
      'overlay.discarded',
      'broker.stopped',
      'command.completed',
    ]);
  });

  it('goes on to SIGTERM, then SIGKILL, when guest and QEMU do not react; that is no failure', async () => {
    open('web', 'db');
    await runCli(project, ['up'], {
      fake: { 'web-0': { ignorePowerdown: true }, 'db-0': { ignorePowerdown: true, ignoreSigterm: true } },
    });
    const result = await runCli(project, ['down', '--json', ...HASTY]);
    assert.equal(result.code, 0, result.stdout);
    const signals = (name: string) =>
      lines(result).flatMap((line) => (line.type === 'shutdown.escalated' && line.vm === name ? [line.signal] : []));
    assert.deepEqual(signals('web-0'), ['SIGTERM']);
    assert.deepEqual(signals('db-0'), ['SIGTERM', 'SIGKILL']);
    assert.ok(outcomeOf<DownOutcome>(result).vms.every((one) => one.result === 'stopped' && one.outcome === 'forced'));
    assert.deepEqual(findQemus(project.path), []);
  });

  it('presses the power button again while the guest has not reacted', async () => {
    open('web');
    await runCli(project, ['up'], { fake: { '*': { powerdownAfterPresses: 2 } } });
    const result = await runCli(project, ['down', '--json']);
    assert.ok(
      lines(result).some((line) => line.type === 'shutdown.cooperative-succeeded'),
      result.stdout,
    );
  });

  it('keeps an overlay that nobody can ask about, and speaks of none where there is none', async () => {
    open('web');
    // flock(1) takes the project's lock.
    const bin = join(project.path, 'bin');
    mkdirSync(bin);
    symlinkSync(execFileSync('sh', ['-c', 'command -v flock'], { encoding: 'utf8' }).trim(), join(bin, 'flock'));
    const withoutQemu = { real: true, env: { PATH: bin } };
    await runCli(project, ['up']);
    const kept = await runCli(project, ['down'], withoutQemu);
    assert.match(kept.stderr, /web-0: its overlay .* was not removed: without qemu-img, Castra cannot see/);
    assert.equal((await runCli(project, ['down'])).stderr, '');
    assert.equal((await runCli(project, ['down'], withoutQemu)).stderr, '');
  });

  it('says that nothing ran, and exits with 0', async () => {
    open('web');
    assert.deepEqual(await runCli(project, ['down']), {
      code: 0,
      signal: null,
      stdout: 'No VM was running.\n',
      stderr: '',
    });
  });

  it('stops only the VMs that are named', async () => {
    open('web', 'db');
    await runCli(project, ['up']);
    await runCli(project, ['down', 'web']);
    const { vms } = outcomeOf<StatusOutcome>(await runCli(project, ['status', '--json']));
    assert.deepEqual(
      vms.map((one) => one.state),
      ['stopped', 'running'],
    );
  });

  it('stops waiting on SIGINT, kills nothing, and exits with 130', async () => {
    open('web');
    await runCli(project, ['up'], { fake: { '*': { ignorePowerdown: true } } });
    const running = startCli(project, ['down']);
    await running.until('power button pressed');
    running.child.kill('SIGINT');
    assert.equal((await running.result).code, 130);
    assert.equal(findQemus(project.path).length, 1);
  });

  it('stops a VM that is no longer in the file, which status calls orphaned', async () => {
    open('web', 'db');
    await runCli(project, ['up']);
    writeFileSync(project.configPath, HEAD + vm('web'));
    const { vms } = outcomeOf<StatusOutcome>(await runCli(project, ['status', '--json']));
    assert.deepEqual(
      vms.map((one) => [one.name, one.state]),
      [
        ['web-0', 'running'],
        ['db-0', 'orphaned'],
      ],
    );
    assert.equal((await runCli(project, ['down', 'db-0'])).code, 0);
    assert.equal(findQemus(project.path).length, 1);
  });

  it('works while the file is broken', async () => {
    open('web');
    await runCli(project, ['up']);
    writeFileSync(project.configPath, `${HEAD}[[vms\nname = `);
    assert.equal((await runCli(project, ['down'])).code, 0);
    assert.deepEqual(findQemus(project.path), []);
  });

  it('refuses to start beside an up, naming it, with exit code 75', async () => {
    open('web');
    const running = startCli(project, ['up'], { fake: { '*': { noBanner: true } } });
    await running.until('firmware runs');
    const refused = await runCli(project, ['down']);
    assert.equal(refused.code, 75);
    assert.match(refused.stderr, new RegExp(`castra up.*pid ${running.child.pid}.*since `));
    assert.match(
      (await runCli(project, ['status'])).stdout,
      new RegExp(`Now: castra up \\(pid ${running.child.pid}\\)`),
    );
    running.child.kill('SIGINT');
    await running.result;
  });
});
