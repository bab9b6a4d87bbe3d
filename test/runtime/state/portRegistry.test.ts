import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CastraError } from '../../../runtime/contract/failures.ts';
import { takeKernelLock } from '../../../runtime/state/kernelLock.ts';
import { homeFiles } from '../../../runtime/state/layout.ts';
import { changeReservations, type PortReservation, readReservations } from '../../../runtime/state/portRegistry.ts';
import { waitBrieflyForLock } from '../../../runtime/state/waitForLock.ts';
import { lockRoot } from '../../support/stateRoots.ts';
import { tempFolder } from '../../support/tempProject.ts';

const never = new AbortController().signal;

async function inHome(body: (home: string) => Promise<void>): Promise<void> {
  const folder = tempFolder();
  try {
    await body(folder.path);
  } finally {
    await folder.dispose();
  }
}

const entry = (stateRoot: string, host: number): PortReservation => ({
  stateRoot,
  configPath: '/srv/shop/castra.toml',
  project: 'shop',
  vm: 'web',
  bind: '127.0.0.1',
  host,
  guest: 80,
  protocol: 'tcp',
});

function add(home: string, reservation: PortReservation): Promise<boolean | undefined> {
  return changeReservations(home, never, (live) =>
    Promise.resolve({ reservations: [...live, reservation], value: true }),
  );
}

test('a reservation counts while a command of its project names the VM, and is dropped by the next change', () =>
  inHome(async (home) => {
    const stateRoot = join(home, 's');
    const lock = await lockRoot(stateRoot, 'up', ['web']);
    await add(home, entry(stateRoot, 8080));
    assert.deepEqual(readReservations(home), [{ ...entry(stateRoot, 8080), state: 'starting' }]);
    lock.release();
    assert.deepEqual(readReservations(home), []);
    await changeReservations(home, never, (live) => Promise.resolve({ reservations: live, value: true }));
    assert.deepEqual(JSON.parse(readFileSync(homeFiles(home).ports, 'utf8')), []);
  }));

test('a reservation of a VM that the command at work does not name is stale', () =>
  inHome(async (home) => {
    const stateRoot = join(home, 's');
    const lock = await lockRoot(stateRoot, 'up', ['db']);
    await add(home, entry(stateRoot, 8080));
    assert.deepEqual(readReservations(home), []);
    lock.release();
  }));

test('many changes at once lose nothing', () =>
  inHome(async (home) => {
    const stateRoot = join(home, 's');
    const lock = await lockRoot(stateRoot, 'up', ['web']);
    await Promise.all(Array.from({ length: 8 }, (_, index) => add(home, entry(stateRoot, 9000 + index))));
    assert.equal(readReservations(home).length, 8);
    lock.release();
  }));

test('a damaged file counts as empty and is written again, and half-written ones are removed', () =>
  inHome(async (home) => {
    const { ports } = homeFiles(home);
    const temporary = `${ports}.0123456789ab.tmp`;
    const foreign = join(home, 'notes.0123456789ab.tmp');
    for (const path of [temporary, foreign]) writeFileSync(path, '');
    writeFileSync(ports, '[{"host": ');
    assert.deepEqual(readReservations(home), []);
    await changeReservations(home, never, (live) => Promise.resolve({ reservations: live, value: true }));
    assert.equal(readFileSync(ports, 'utf8'), '[]\n');
    assert.throws(() => readFileSync(temporary), { code: 'ENOENT' });
    assert.equal(readFileSync(foreign, 'utf8'), '');
  }));

test('a home that cannot be used fails with state-root-unusable', () =>
  inHome(async (home) => {
    mkdirSync(homeFiles(home).portsLock);
    await assert.rejects(
      add(home, entry('/srv/s', 1)),
      (error) => error instanceof CastraError && error.failure.kind === 'state-root-unusable',
    );
  }));

test('waiting for a lock that is held ends with its time, or when it is cancelled', () =>
  inHome(async (home) => {
    const path = join(home, 'lock');
    const free = await takeKernelLock(path);
    assert.ok(free);
    assert.equal(await waitBrieflyForLock(path, { timeoutMs: 30, signal: never }), undefined);
    const cancelled = AbortSignal.timeout(30);
    assert.equal(await waitBrieflyForLock(path, { timeoutMs: 60_000, signal: cancelled }), undefined);
    const waiting = waitBrieflyForLock(path, { timeoutMs: 60_000, signal: never });
    free();
    const second = await waiting;
    assert.ok(second);
    second();
  }));
