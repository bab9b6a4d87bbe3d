import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import type { ExportOutcome } from '../../runtime/contract/disks.ts';
import type { DownOutcome, UpOutcome } from '../../runtime/contract/vms.ts';
import { lines, outcomeOf, runCli, startCli } from '../support/cli.ts';
import { type TempProject, tempProject } from '../support/tempProject.ts';

const HEAD = 'version = "0.1.0"\n[project]\nname = "p"\nstate_dir = "state"\n';
const VM = '[[vms]]\nname = "web"\ncpus = 1\nmemory = "64 MiB"\nbase_image = "base.qcow2"\nready = "none"\n';
const REAL = { real: true } as const;
const MIB = 1024 * 1024;

interface ImageInfo {
  readonly 'virtual-size': number;
  readonly 'backing-filename'?: string;
}

const info = (path: string): ImageInfo =>
  JSON.parse(execFileSync('qemu-img', ['info', '-U', '--output=json', path], { encoding: 'utf8' })) as ImageInfo;

/** Writes to a disk as a guest would have, and reads it back: qemu-io's pattern is one byte. */
const write = (path: string) => execFileSync('qemu-io', ['-c', 'write -P 0x5a 0 64k', path]);
const holdsPattern = (path: string) =>
  !/Pattern verification failed/.test(
    execFileSync('qemu-io', ['-r', '-c', 'read -P 0x5a 0 64k', path], { encoding: 'utf8' }),
  );

describe('what becomes of a disk', () => {
  let project: TempProject;
  const open = (toml = HEAD + VM) => {
    project = tempProject(toml);
    return project;
  };
  const overlay = () => {
    const [name] = readdirSync(join(project.path, 'state/overlays'));
    assert.ok(name);
    return join(project.path, 'state/overlays', name);
  };
  const must = async (...args: string[]) => {
    const result = await runCli(project, [...args, '--json'], REAL);
    assert.equal(result.code, 0, result.stdout + result.stderr);
    return result;
  };
  afterEach(() => project.dispose());

  it('`overlay_size` makes the disk larger than its base image', async () => {
    open(`${HEAD}${VM}overlay_size = "3 GiB"\n`);
    await must('up');
    assert.equal(info(overlay())['virtual-size'], 3 * 1024 * MIB);
    await must('down', '--graceful-wait-secs', '0');
  });

  it('an `overlay_size` that would cut the base image off is refused with both sizes', async () => {
    open(`${HEAD}${VM}overlay_size = 2\n`);
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', project.baseImage, '5M']);
    const result = await runCli(project, ['up'], REAL);
    assert.equal(result.code, 70);
    assert.match(result.stderr, /`overlay_size` is 2 MiB, less than the 5 MiB of its base image/);
    assert.equal(existsSync(join(project.path, 'state/overlays')), false);
  });

  it('`down --keep-overlay` puts it aside, where the next `up` and `down` leave it', async () => {
    open();
    await must('up');
    const [down] = outcomeOf<DownOutcome>(await must('down', '--keep-overlay', '--graceful-wait-secs', '0')).vms;
    assert.ok(down?.result === 'stopped' && down.keptOverlay);
    assert.equal(down.reclaimedBytes, 0);
    assert.equal(info(down.keptOverlay)['backing-filename'], project.baseImage);
    assert.equal(statSync(down.keptOverlay).mode & 0o777, 0o600);
    await must('up');
    await must('down', '--graceful-wait-secs', '0');
    assert.ok(existsSync(down.keptOverlay));
  });

  it('a kept overlay can be exported to a file that needs no base image', async () => {
    open();
    await must('up');
    await must('down', '--keep-overlay', '--graceful-wait-secs', '0');
    const [kept] = readdirSync(join(project.path, 'state/kept'));
    assert.ok(kept);
    write(join(project.path, 'state/kept', kept));
    const exported = outcomeOf<ExportOutcome>(await must('export', 'web', 'out.qcow2'));
    assert.equal(exported.source, 'kept');
    assert.equal(info(exported.path)['backing-filename'], undefined);
    assert.ok(holdsPattern(exported.path));
    assert.equal(statSync(exported.path).mode & 0o777, 0o600);
  });

  it('a running disk can be exported while its VM goes on', async () => {
    open();
    const [up] = outcomeOf<UpOutcome>(await must('up')).vms;
    assert.ok(up?.result === 'launched' || up?.result === 'ready');
    const result = await must('export', 'web', 'out.qcow2');
    const exported = outcomeOf<ExportOutcome>(result);
    assert.equal(exported.source, 'running');
    assert.equal(info(exported.path)['backing-filename'], undefined);
    assert.equal(info(exported.path)['virtual-size'], MIB);
    const compared = execFileSync('qemu-img', ['compare', '-U', exported.path, up.launch.overlayPath]);
    assert.match(String(compared), /Images are identical/);
    await must('export', 'web', 'out.qcow2', '--force');
    await must('down', '--graceful-wait-secs', '0');
  });

  it('an export never replaces a file unasked, and leaves nothing half-made behind', async () => {
    open();
    await must('up');
    writeFileSync(join(project.path, 'out.qcow2'), 'the only copy of something');
    const refused = await runCli(project, ['export', 'web', 'out.qcow2'], REAL);
    assert.equal(refused.code, 70);
    assert.match(refused.stderr, /already exists\. Pass --force/);
    const nowhere = await runCli(project, ['export', 'web', 'no/such/out.qcow2'], REAL);
    assert.match(nowhere.stderr, /the folder .*no\/such does not exist/);
    assert.deepEqual(
      readdirSync(project.path).filter((name) => name.endsWith('.tmp')),
      [],
    );
    await must('down', '--graceful-wait-secs', '0');
  });

  it('without a disk, an export says what would have kept one', async () => {
    open();
    const result = await runCli(project, ['export', 'web', 'out.qcow2'], REAL);
    assert.equal(result.code, 70);
    assert.match(result.stderr, /castra down --keep-overlay/);
  });

  it('a base image that is changed under a VM is told by status, and by an export of what it left', async () => {
    open();
    await must('up');
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', `${project.baseImage}.new`, '1M']);
    renameSync(`${project.baseImage}.new`, project.baseImage);
    const status = await runCli(project, ['status'], REAL);
    assert.match(status.stdout, /web: Its base image changed after its start/);
    await must('down', '--keep-overlay', '--graceful-wait-secs', '0');
    const exported = await runCli(project, ['export', 'web', 'out.qcow2'], REAL);
    assert.equal(exported.code, 0);
    assert.match(exported.stderr, /warning: web: its base image .* changed after its overlay was created/);
  });

  it('a killed export leaves a VM that can be exported again', async () => {
    open();
    // Large enough that the copy does not end by itself first.
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', project.baseImage, '8G']);
    execFileSync('qemu-io', ['-c', 'write -P 0x11 0 256M', project.baseImage]);
    await must('up');
    const first = startCli(project, ['export', 'web', 'out.qcow2', '--json'], REAL);
    await first.until('stream.started');
    const made = () => readdirSync(project.path).some((name) => name.endsWith('.tmp'));
    while (!made() && first.child.exitCode === null) await new Promise((done) => setTimeout(done, 2));
    first.child.kill('SIGKILL');
    await first.result;
    const again = await must('export', 'web', 'out.qcow2', '--force');
    assert.equal(lines(again).at(-1)?.type, 'command.completed');
    assert.deepEqual(
      readdirSync(project.path).filter((name) => name.endsWith('.tmp')),
      [],
    );
    await must('down', '--graceful-wait-secs', '0');
  });
});
