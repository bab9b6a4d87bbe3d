import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { findByCommandLine } from '../../../runtime/process/identity.ts';
import { findExecutable, startDetached } from '../../../runtime/process/spawn.ts';
import { vmFiles, vmSockets } from '../../../runtime/state/layout.ts';
import { qemuArguments } from '../../../runtime/vm/args.ts';
import { launchVm } from '../../../runtime/vm/launch.ts';
import { keeperArguments, startLogKeeper } from '../../../runtime/vm/logKeeper.ts';
import { exitOf, startFake } from '../../support/fakeVm.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

const SYSTEM = findExecutable('qemu-system-x86_64');
const LIMITS = { maxBytes: 1000, keep: 3 };
const QUICK = 0.05;

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!holds()) {
    if (performance.now() > deadline) assert.fail(`waited in vain: ${what}`);
    await delay(10);
  }
}

/** Living processes of a group: proc(5), counted from behind the command name. */
function groupMembers(group: number): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(pgrp) === group && state !== 'Z';
    } catch {
      return false;
    }
  });
}

describe('a log keeper', () => {
  let folder: TempFolder;
  let log: string;
  let children: ChildProcess[];
  beforeEach(() => {
    folder = tempFolder();
    log = join(folder.path, "a 'b' $c", 'web-serial.log');
    mkdirSync(join(log, '..'));
    writeFileSync(log, '', { mode: 0o600 });
    children = [];
  });
  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await until('no keeper is left', () => findByCommandLine(folder.path).length === 0);
    await folder.dispose();
  });

  /** Stands for QEMU: holds the tether, and does nothing. */
  async function keep(): Promise<ChildProcess> {
    const keeper = startLogKeeper([log, join(folder.path, 'none.log')], LIMITS, QUICK);
    assert.ok(keeper);
    const child = await startDetached('/bin/sleep', ['1000'], { output: 2, input: keeper.tether });
    children.push(child);
    keeper.release();
    return child;
  }

  test('shifts a log that is too large, keeps as many as it may, and all of them private', async () => {
    await keep();
    for (let run = 1; run <= 5; run++) {
      appendFileSync(log, `run ${run}\n`.padEnd(1200, 'x'));
      await until(`run ${run} is rotated`, () => statSync(log).size === 0);
    }
    const kept = [1, 2, 3].map((number) => readFileSync(`${log}.${number}`, 'utf8').slice(0, 5));
    assert.deepEqual(kept, ['run 5', 'run 4', 'run 3']);
    assert.deepEqual(readdirSync(join(log, '..')).sort(), [
      'web-serial.log',
      ...[1, 2, 3].map((number) => `web-serial.log.${number}`),
    ]);
    assert.equal(statSync(`${log}.1`).mode & 0o077, 0);
  });

  test('leaves a log alone that is small enough', async () => {
    const child = await keep();
    appendFileSync(log, 'x'.repeat(1000));
    await delay(300);
    assert.equal(statSync(log).size, 1000);
    assert.ok(!existsSync(`${log}.1`));
    assert.equal(child.exitCode, null);
  });

  test('ends at once when QEMU is killed, though it sleeps', async () => {
    const keeper = startLogKeeper([log], LIMITS, 1000);
    assert.ok(keeper);
    const child = await startDetached('/bin/sleep', ['1000'], { output: 2, input: keeper.tether });
    children.push(child);
    keeper.release();
    await until('it looks', () => findByCommandLine(log).length === 2);
    const [pid = 0] = findByCommandLine(log).sort((a, b) => a - b);
    await until('it sleeps', () => groupMembers(pid).length === 3);
    child.kill('SIGKILL');
    await until('the keeper ended', () => findByCommandLine(log).length === 0);
    await until('its sleep ended', () => groupMembers(pid).length === 0);
  });

  test('ends when nobody ever took the other end', async () => {
    startLogKeeper([log], LIMITS, QUICK)?.release();
    await until('the keeper ended', () => findByCommandLine(log).length === 0);
  });

  test('stops looking when its folder vanishes, and does not bring it back', async () => {
    const child = await keep();
    rmSync(join(log, '..'), { recursive: true });
    await until('it stopped looking', () => findByCommandLine(log).length === 1);
    assert.ok(!existsSync(join(log, '..')));
    child.kill('SIGKILL');
    await until('the keeper ended', () => findByCommandLine(log).length === 0);
  });

  test('loses at most a moment of what is written meanwhile', async () => {
    await keep();
    const writer = spawn('/bin/sh', ['-c', 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo $i; done >>"$0"', log]);
    await new Promise((done) => writer.once('exit', done));
    await until('it is small', () => statSync(log).size <= LIMITS.maxBytes);
    const files = [3, 2, 1].map((number) => `${log}.${number}`).filter((path) => existsSync(path));
    const numbers = [...files, log]
      .flatMap((path) => readFileSync(path, 'utf8').split('\n'))
      .filter((line) => line !== '');
    assert.ok(Number(numbers.at(-1)) === 20_000, 'the last line is there');
    const whole = numbers.map(Number);
    assert.deepEqual(
      whole,
      [...whole].sort((a, b) => a - b),
      'lines are in order, none comes twice',
    );
  });

  test('leaves a log whole when there is no room for its copy', async () => {
    writeFileSync(`${log}.1`, 'older\n');
    const text = 'x'.repeat(4000);
    writeFileSync(log, text);
    // A limit on the size of files, as near as one gets to a full disk without mounting one.
    const args = ['-c', 'ulimit -f 1; exec "$0" "$@"', '/bin/sh', ...keeperArguments([log], LIMITS, 0.05)];
    const child = spawn('/bin/sh', args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    await delay(500);
    assert.equal(readFileSync(log, 'utf8'), text);
    assert.equal(readFileSync(`${log}.1`, 'utf8'), 'older\n');
    child.stdin.destroy();
    await until('it ended', () => findByCommandLine(folder.path).length === 0);
    assert.deepEqual(readdirSync(join(log, '..')).sort(), ['web-serial.log', 'web-serial.log.1']);
  });

  test('is missing without a shell, which is no error', () => {
    assert.equal(startLogKeeper([log], LIMITS, QUICK, '/nonexistent/sh'), undefined);
  });

  test('belongs to a VM and ends with it', async () => {
    const qemu = await startFake(folder.path);
    const keepers = () =>
      findByCommandLine('castra-log-keeper').filter((pid) => findByCommandLine(folder.path).includes(pid));
    assert.notDeepEqual(keepers(), []);
    await qemu.qmp.execute('quit');
    await exitOf(qemu);
    await until('its keeper ended', () => keepers().length === 0);
  });

  test('rotates what a real QEMU writes, which goes on at the new end', {
    skip: SYSTEM ? false : 'no QEMU',
  }, async () => {
    const raw = join(folder.path, 'flood.raw');
    const overlayPath = join(folder.path, 'flood.qcow2');
    writeFileSync(raw, floodSector());
    execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, overlayPath]);
    const files = vmFiles(folder.path, 'web');
    const sockets = vmSockets(folder.path, 'web');
    const machine = { architecture: 'x86_64', accelerator: 'tcg', cpus: 1, memoryMiB: 64 } as const;
    const qemu = await launchVm({
      ...{ vm: 'web', binary: SYSTEM ?? '', files, sockets, logs: LIMITS, logLookSeconds: 0.1 },
      args: qemuArguments({
        ...{ vm: 'web', uuid: randomUUID(), ...machine, overlayPath, files, sockets },
        ...{ forwards: [], bus: false, sandbox: true, extraArgs: [] },
      }),
      signal: new AbortController().signal,
      onWarning: assert.fail,
      onEvent: () => undefined,
      onStarted: () => undefined,
    });
    await until('three are kept', () => existsSync(`${files.serialLog}.3`));
    const first = statSync(files.serialLog).ino;
    await qemu.qmp.execute('stop');
    const text = readFileSync(files.serialLog, 'latin1');
    assert.match(text, /^\n?(?:A\n)*A?$/, 'no hole where the older text was');
    // A rotation may be under way: between two moves there is no `.1`.
    await until('the newest of the older ones is there', () => existsSync(`${files.serialLog}.1`));
    assert.match(readFileSync(`${files.serialLog}.1`, 'latin1'), /A\nA\n/);
    assert.equal(statSync(files.serialLog).ino, first, 'QEMU never had to open it again');
    await qemu.qmp.execute('quit');
    await exitOf(qemu);
    await until('its keeper ended', () => findByCommandLine(folder.path).length === 0);
  });
});

/** mov dx,0x3f8; then for ever: mov al,'A'; out dx,al; mov al,10; out dx,al. */
function floodSector(): Buffer {
  const sector = Buffer.alloc(1024 * 1024);
  Buffer.from([0xba, 0xf8, 0x03, 0xb0, 0x41, 0xee, 0xb0, 0x0a, 0xee, 0xeb, 0xf8]).copy(sector);
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}
