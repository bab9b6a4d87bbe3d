import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ExecOutcome } from '../../runtime/contract/ssh.ts';
import type { RebootOutcome, ResumeOutcome, StatusOutcome, UpOutcome } from '../../runtime/contract/vms.ts';
import { type CliResult, lines, ok, outcomeOf, runCli } from '../support/cli.ts';
import { type TempFolder, tempFolder } from '../support/tempProject.ts';

const image = process.env.CASTRA_TEST_DEBIAN;
const obstacle = process.env.CASTRA_TEST_DEBIAN_OBSTACLE ?? 'CASTRA_TEST_DEBIAN is not set';
const REAL = { real: true };
/** The three forms of `user_data`: a file, cloud-config in the text, a script in the text. */
const FORMS = ['file', 'inline', 'script'] as const;
const CLOUD_CONFIG = '#cloud-config\nwrite_files:\n  - path: /etc/form\n    content: "';
const userData = {
  file: 'user_data = "form.yaml"',
  inline: `user_data = """\n${CLOUD_CONFIG.replaceAll('"', '')}inline\n"""`,
  script: 'user_data = """\n#!/bin/sh\nprintf script > /etc/form\n"""',
};

function toml(base: string): string {
  const vms = FORMS.map(
    (form) => `[[vms]]
name = "${form}"
base_image = '''${base}'''
cpus = 1
memory = "512 MiB"
overlay_size = "4 GiB"
ssh_user = "debian"
ready_timeout_secs = 900
${userData[form]}
`,
  );
  return `version = "0.2.0"\n[project]\nname = "debian"\nstate_dir = "state"\n${vms.join('')}`;
}

describe('Debian with systemd, OpenSSH and cloud-init', { skip: image === undefined && obstacle }, () => {
  let folder: TempFolder;
  let place: { path: string; home: string };
  let upResult: CliResult;
  before(async () => {
    folder = tempFolder();
    place = { path: folder.path, home: join(folder.path, 'home') };
    mkdirSync(place.home, { mode: 0o700 });
    writeFileSync(join(folder.path, 'form.yaml'), `${CLOUD_CONFIG}file"\n`);
    writeFileSync(join(folder.path, 'castra.toml'), toml(image ?? ''));
    upResult = await ok(castra('up', '--force', '--json'));
  });
  after(() => folder?.dispose());
  const castra = (...args: string[]): Promise<CliResult> => runCli(place, args, REAL);
  const inGuest = async (vm: string, line: string): Promise<string> => {
    const { code, stdout, stderr } = await castra('ssh', vm, line);
    assert.equal(code, 0, `${vm}: ${line}: ${stderr}`);
    return stdout.trim();
  };
  const stateOf = async (vm: string) => {
    const { vms } = outcomeOf<StatusOutcome>(await castra('status', '--json'));
    return vms.find(({ name }) => name === vm);
  };

  test('is ready by a login, and its SSH server saw no knocking', async () => {
    assert.deepEqual(
      outcomeOf<UpOutcome>(upResult).vms.map(({ result }) => result),
      ['ready', 'ready', 'ready'],
    );
    for (const form of FORMS) {
      const ready = lines(upResult).find((line) => line.type === 'vm.ready' && line.vm === `${form}-0`);
      assert.ok(ready?.type === 'vm.ready' && ready.evidence === 'logged in as debian', JSON.stringify(ready));
      const journal = await inGuest(`${form}-0`, 'sudo journalctl -b --no-pager');
      const complaints = journal
        .split('\n')
        .filter((line) => /MaxStartups|drop connection|penalty|too many authentication failures/i.test(line));
      assert.deepEqual(complaints, []);
    }
  });

  test('has the identity that Castra gave it', async () => {
    assert.equal(await inGuest('file-0', 'hostname'), 'file-0');
    assert.equal(await inGuest('file-0', 'id -un'), 'debian');
    // Castra's host key is the only one that it lets through; no other must be offered beside it.
    assert.match(await inGuest('file-0', 'ls /etc/ssh'), /ssh_host_ed25519_key/);
  });

  test('does what its user_data says, in each of the three forms', async () => {
    for (const form of FORMS) {
      await inGuest(`${form}-0`, 'cloud-init status --wait >/dev/null; true');
      assert.equal(await inGuest(`${form}-0`, 'cat /etc/form'), form);
    }
  });

  test('has grown into its disk', async () => {
    const blocks = Number(await inGuest('file-0', 'df --output=size -k / | tail -1'));
    assert.ok(blocks > 3 * 1024 * 1024, `${blocks} KiB`);
  });

  test('runs a command in all of them, and each tells how it ended', async () => {
    const { vms } = outcomeOf<ExecOutcome>(
      await castra('exec', '--json', '--all', '--', 'test "$(hostname)" != inline-0'),
    );
    assert.deepEqual(
      vms.map((vm) => 'exitCode' in vm && vm.exitCode),
      [0, 1, 0],
    );
  });

  test('gets files and gives them back', async () => {
    const source = join(folder.path, 'files');
    mkdirSync(join(source, 'sub'), { recursive: true });
    const names = Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? `f${index}` : join('sub', `f${index}`)));
    for (const [index, name] of names.entries()) writeFileSync(join(source, name), Buffer.alloc(index * 97, index));
    await ok(castra('cp', source, 'file-0:/home/debian/files'));
    await ok(castra('cp', 'file-0:/home/debian/files', join(folder.path, 'back')));
    for (const name of names) {
      assert.deepEqual(readFileSync(join(folder.path, 'back', name)), readFileSync(join(source, name)), name);
    }
    const refused = await castra('cp', join(folder.path, 'castra.toml'), 'file-0:/etc/castra.toml');
    assert.match(refused.stderr, /file-0: the copy failed: file-0:\/etc\/castra\.toml: /);
  });

  test('goes to sleep by itself, and resume wakes it up', async () => {
    // A moment later: the command's own connection must end before.
    await inGuest('inline-0', 'sudo sh -c "(sleep 2; echo mem > /sys/power/state) >/dev/null 2>&1 &"');
    const deadline = performance.now() + 120_000;
    while ((await stateOf('inline-0'))?.state !== 'paused') assert.ok(performance.now() < deadline, 'it stays awake');
    assert.match(
      (await stateOf('inline-0'))?.reason ?? '',
      /put itself to sleep.*`castra resume inline-0` continues it/,
    );
    assert.equal(outcomeOf<ResumeOutcome>(await ok(castra('resume', '--json', 'inline'))).vms[0]?.result, 'resumed');
    assert.equal(await inGuest('inline-0', 'hostname'), 'inline-0');
  });

  test('reboots through sudo, and keeps its disk', async () => {
    await inGuest('inline-0', 'echo kept > kept; sync');
    const earlier = await inGuest('inline-0', 'cat /proc/sys/kernel/random/boot_id');
    const { vms } = outcomeOf<RebootOutcome>(await ok(castra('reboot', '--json', 'inline')));
    assert.equal(vms[0]?.result, 'ready');
    assert.notEqual(await inGuest('inline-0', 'cat /proc/sys/kernel/random/boot_id'), earlier);
    assert.equal(await inGuest('inline-0', 'cat kept'), 'kept');
  });

  test('powers off by its own command, which ends without a made-up diagnosis', async () => {
    const { stderr } = await castra('ssh', 'script-0', 'sudo poweroff');
    assert.doesNotMatch(stderr, /Error:|exited with 255/);
    const deadline = performance.now() + 120_000;
    while ((await stateOf('script-0'))?.state !== 'stopped') assert.ok(performance.now() < deadline, 'it is still on');
    assert.match((await stateOf('script-0'))?.reason ?? '', /disk/);
  });

  test('powers off at the power button', async () => {
    const result = await castra('down', '--graceful-wait-secs', '120', '--json');
    assert.equal(result.code, 0, result.stdout);
    assert.ok(lines(result).some((line) => line.type === 'shutdown.cooperative-succeeded' && line.vm === 'file-0'));
  });
});
