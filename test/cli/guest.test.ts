import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { DownOutcome, StatusOutcome, UpOutcome, VmStatus } from '../../runtime/contract/vms.ts';
import { type Phase, phases } from '../../runtime/contract/vocabulary.ts';
import { readRecord } from '../../runtime/state/record.ts';
import { QmpClient } from '../../runtime/vm/qmp.ts';
import { type CliResult, lines, ok, outcomeOf, type RunningCli, runCli, startCli } from '../support/cli.ts';
import { guest, REAL } from '../support/realGuest.ts';
import { findQemus, type TempFolder, tempFolder } from '../support/tempProject.ts';

const VM = 'web';
const BOOT_MS = 60_000;

interface Place {
  readonly path: string;
  readonly home: string;
  readonly stateRoot: string;
}

function makeProject(folder: TempFolder, image: string, settings: string, name = 'p', state = 's'): Place {
  const place = { path: join(folder.path, name), home: join(folder.path, 'home') };
  mkdirSync(place.home, { mode: 0o700 });
  mkdirSync(place.path);
  const vm = `name = "${VM}"\ncpus = 1\nmemory = "256 MiB"\nbase_image = '''${image}'''\n${settings}`;
  const toml = `version = "0.1.0"\n[project]\nname = "guest"\nstate_dir = '''${state}'''\n[[vms]]\n${vm}\n`;
  writeFileSync(join(place.path, 'castra.toml'), toml);
  return { ...place, stateRoot: join(place.path, state) };
}

/** Runs a test in a project with one VM; the folder and any QEMU in it are gone afterwards. */
async function withGuest(t: TestContext, settings: string, body: (place: Place) => Promise<void>): Promise<void> {
  if ('missing' in guest) return t.skip(guest.missing);
  const folder = tempFolder();
  try {
    await body(makeProject(folder, guest.image, settings));
  } finally {
    await folder.dispose();
  }
}

const flags = (text: string) => `qemu_args = ["-fw_cfg", "name=opt/castra-test/flags,string=${text}"]`;

async function statusOf(place: Place): Promise<VmStatus> {
  const [vm] = outcomeOf<StatusOutcome>(await runCli(place, ['status', '--json'], REAL)).vms;
  assert.ok(vm);
  return vm;
}

async function down(place: Place, ...args: string[]): Promise<Extract<DownOutcome['vms'][0], { result: 'stopped' }>> {
  const [vm] = outcomeOf<DownOutcome>(await ok(runCli(place, ['down', '--json', ...args], REAL))).vms;
  assert.ok(vm?.result === 'stopped');
  assert.deepEqual(findQemus(place.path), []);
  assert.equal(existsSync(join(place.stateRoot, `${VM}.json`)), false);
  return vm;
}

function phasesOf(result: CliResult): Phase[] {
  return lines(result).flatMap((line) => (line.type === 'vm.phase' ? [line.phase] : []));
}

function assertForward(seen: readonly Phase[]): void {
  const order = seen.map((phase) => phases.indexOf(phase));
  assert.deepEqual(
    order,
    [...new Set(order)].sort((a, b) => a - b),
    `phases went backwards: ${seen}`,
  );
}

/** The user's own connection to QEMU. */
async function command(place: Place, name: string): Promise<void> {
  const monitor = readRecord(place.stateRoot, VM)?.sockets.monitor;
  assert.ok(monitor);
  const client = await QmpClient.connect(monitor);
  await client.execute(name);
  client.close();
}

async function waitUntil(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + BOOT_MS;
  while (!holds()) {
    if (performance.now() > deadline) assert.fail(`waited in vain: ${what}`);
    await delay(50);
  }
}

/** The serial console while `up` runs. */
function untilSerial(place: Place, up: RunningCli, text: string): Promise<void> {
  const log = join(place.stateRoot, 'logs', `${VM}-serial.log`);
  const seen = () => existsSync(log) && readFileSync(log, 'latin1').includes(text);
  return waitUntil(`${text} on the console`, () => seen() || up.child.exitCode !== null);
}

describe('a real guest', { concurrency: 2 }, () => {
  test('boots until one can log in, is shown as running, and powers off when asked', (t) =>
    withGuest(t, '', async (place) => {
      const result = await ok(runCli(place, ['up', '--json'], REAL));
      const [vm] = outcomeOf<UpOutcome>(result).vms;
      assert.ok(vm?.result === 'ready');
      const ready = lines(result).find((line) => line.type === 'vm.ready');
      assert.match(ready?.type === 'vm.ready' ? ready.evidence : '', /logged in as root/);
      const seen = phasesOf(result);
      assertForward(seen);
      for (const phase of ['overlay', 'qemu', 'firmware', 'ready'] as const) assert.ok(seen.includes(phase), phase);
      const status = await statusOf(place);
      assert.equal(status.state, 'running', status.reason);
      assert.equal(status.sshPort, vm.launch.sshPort);
      assert.ok(status.forwards.some(({ host, guest: port }) => port === 22 && host === vm.launch.sshPort));
      assert.deepEqual([status.cpus, status.memoryMiB, status.accelerator], [1, 256, 'tcg']);

      await command(place, 'stop');
      assert.equal((await statusOf(place)).state, 'paused');
      await command(place, 'cont');
      assert.equal((await statusOf(place)).state, 'running');

      const stopped = await down(place);
      assert.equal(stopped.outcome, 'graceful');
      assert.ok(stopped.totalMs < 10_000, `${stopped.totalMs} ms`);
      assert.ok(stopped.reclaimedBytes > 0);
      assert.equal(existsSync(vm.launch.overlayPath), false);
      assert.equal((await statusOf(place)).state, 'stopped');
    }));

  test('is ready at a line on its console, and status says stopped after it powered itself off', (t) =>
    withGuest(t, 'ready = "serial:castra-guest: READY"', async (place) => {
      const result = await ok(runCli(place, ['up', '--json'], REAL));
      const ready = lines(result).find((line) => line.type === 'vm.ready');
      assert.match(ready?.type === 'vm.ready' ? ready.evidence : '', /castra-guest: READY/);
      assertForward(phasesOf(result));
      await command(place, 'system_powerdown');
      await waitUntil('the guest is off', () => findQemus(place.path).length === 0);
      const status = await statusOf(place);
      assert.equal(status.state, 'stopped');
      assert.match(status.reason ?? '', /powered off/);
      const stopped = await down(place);
      assert.equal(stopped.changed, false);
      assert.ok(stopped.reclaimedBytes > 0);
    }));

  test('that ignores the power button is ended by SIGTERM', (t) =>
    withGuest(t, flags('ignore-acpi'), async (place) => {
      await ok(runCli(place, ['up'], REAL));
      const stopped = await down(place, '--graceful-wait-secs', '0.5', '--sigterm-wait-secs', '10');
      assert.equal(stopped.outcome, 'forced');
      assert.ok(stopped.reclaimedBytes > 0);
    }));

  test('without an SSH server is not ready, stays up, and is told from one that does not boot', (t) =>
    withGuest(t, flags('no-sshd'), async (place) => {
      const result = await runCli(place, ['up', '--timeout', '15'], REAL);
      assert.equal(result.code, 70, result.stdout + result.stderr);
      assert.match(result.stderr, /login prompt/);
      assert.ok(result.stderr.includes(join(place.stateRoot, 'logs', `${VM}-serial.log`)), result.stderr);
      assert.equal(findQemus(place.path).length, 1);
      const status = await statusOf(place);
      assert.equal(status.state, 'starting');
      assert.match(status.reason ?? '', /Not ready/);
      assert.equal((await down(place)).outcome, 'graceful');
    }));

  test('whose kernel panics is given up soon, with the reason', (t) =>
    withGuest(t, `${flags('no-sshd panic')}\nready_timeout_secs = 300`, async (place) => {
      const result = await runCli(place, ['up'], REAL);
      assert.equal(result.code, 70, result.stdout + result.stderr);
      assert.match(result.stderr, /panicked/);
      const status = await statusOf(place);
      assert.equal(status.state, 'error');
      assert.match(status.reason ?? '', /^The guest kernel panicked: .+\. `castra down web` stops it\.$/);
      const again = await runCli(place, ['up'], REAL);
      assert.equal(again.code, 70, 'a VM that does not work is not "already running"');
      assert.match(again.stderr, /is running but does not work: the guest kernel panicked/);
      await down(place, '--graceful-wait-secs', '0.2');
    }));

  test('is gone with its overlay after Ctrl-C during its boot', (t) =>
    withGuest(t, '', async (place) => {
      const up = startCli(place, ['up', '--json'], REAL);
      await up.until('"phase":"firmware"');
      await untilSerial(place, up, 'SeaBIOS');
      up.child.kill('SIGINT');
      const { code } = await up.result;
      assert.equal(code, 130);
      assert.deepEqual(findQemus(place.path), []);
      assert.equal((await statusOf(place)).state, 'stopped');
      assert.equal((await down(place)).reclaimedBytes, 0);
    }));

  test('lives in folders with spaces, commas, quotes and non-ASCII letters', (t) => {
    if ('missing' in guest) return t.skip(guest.missing);
    return inOddFolder(guest.image);
  });
});

/** Also a QEMU that was killed: the image lock and the sockets are real here. */
async function inOddFolder(image: string): Promise<void> {
  const folder = tempFolder();
  try {
    const odd = 'ä, "b"=c d';
    const base = join(folder.path, "bäse, 'x' 1.qcow2");
    writeFileSync(base, readFileSync(image));
    const settings = `overlay = '''ö, "disk" 1.qcow2'''\nready = "serial:SeaBIOS"`;
    const place = makeProject(folder, base, settings, odd, 'st, "ä"');
    await ok(runCli(place, ['up'], REAL));
    assert.ok(existsSync(join(place.path, 'ö, "disk" 1.qcow2')));
    assert.equal((await statusOf(place)).state, 'running');
    const [qemu] = findQemus(folder.path);
    assert.ok(qemu);
    process.kill(qemu.pid, 'SIGKILL');
    await waitUntil('QEMU is gone', () => findQemus(folder.path).length === 0);
    assert.equal((await statusOf(place)).state, 'error');
    await ok(runCli(place, ['up'], REAL));
    assert.equal(findQemus(folder.path).length, 1);
    await down(place, '--graceful-wait-secs', '0.2');
    assert.equal(existsSync(join(place.path, 'ö, "disk" 1.qcow2')), false);
  } finally {
    await folder.dispose();
  }
}
