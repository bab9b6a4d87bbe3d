import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CastraError, type Failure } from '../../../runtime/contract/failures.ts';
import type { ChangingCommand } from '../../../runtime/contract/vocabulary.ts';
import { projectFiles } from '../../../runtime/state/layout.ts';
import { readOperations } from '../../../runtime/state/operation/announce.ts';
import { lockRoot } from '../../support/stateRoots.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

/** This very file, run as a command that takes the lock of a folder and holds it until it is killed. */
const HOLD = 'CASTRA_TEST_HOLD_LOCK';

if (process.env[HOLD] !== undefined) {
  await lockRoot(process.env[HOLD], 'up', ['web', 'db']);
  process.stdout.write('held\n');
  await new Promise((never) => setInterval(never, 1 << 30));
}

describe('lockProject', () => {
  let folder: TempFolder;
  let root: string;
  const holders: ChildProcess[] = [];
  beforeEach(() => {
    folder = tempFolder();
    root = join(folder.path, 'state');
  });
  afterEach(async () => {
    for (const holder of holders.splice(0)) holder.kill('SIGKILL');
    await folder.dispose();
  });

  async function holdElsewhere(): Promise<ChildProcess> {
    const env = { ...process.env, [HOLD]: root };
    const holder = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    holders.push(holder);
    assert.match(String((await once(holder.stdout, 'data'))[0]), /held/);
    return holder;
  }

  async function refusal(command: ChangingCommand = 'down'): Promise<Failure> {
    try {
      (await lockRoot(root, command, [])).release();
    } catch (error) {
      assert.ok(error instanceof CastraError, String(error));
      return error.failure;
    }
    return assert.fail('it was free');
  }

  test('makes the state root, and tells who holds it', async () => {
    const lock = await lockRoot(root, 'up', ['web']);
    assert.equal(statSync(root).mode & 0o777, 0o700);
    const operation = readOperations(root)[0];
    assert.deepEqual(
      { command: operation?.command, pid: operation?.pid, vms: operation?.vms },
      { command: 'up', pid: process.pid, vms: ['web'] },
    );
    lock.release();
    assert.equal(readOperations(root)[0], undefined);
  });

  test('is free again at once after its release', async () => {
    for (let turn = 0; turn < 10; turn++) (await lockRoot(root, 'up', [])).release();
  });

  test('refuses a second holder in the same process', async () => {
    const lock = await lockRoot(root, 'up', []);
    assert.equal((await refusal()).kind, 'busy');
    lock.release();
    (await lockRoot(root, 'down', [])).release();
  });

  test('refuses a second holder in another process, and names the first', async () => {
    const holder = await holdElsewhere();
    const failure = await refusal();
    assert.equal(failure.kind, 'busy');
    assert.deepEqual([failure.command, failure.pid], ['up', holder.pid]);
    assert.ok(!Number.isNaN(Date.parse(failure.startedAt ?? '')));
    assert.deepEqual(readOperations(root)[0]?.vms, ['web', 'db'], 'the loser left the announcement alone');
  });

  test('is shared by commands that are about different VMs, each with its own announcement', async () => {
    const web = await lockRoot(root, 'up', ['web']);
    const db = await lockRoot(root, 'down', ['db']);
    assert.deepEqual(
      readOperations(root).map(({ command, vms }) => [command, vms]),
      [
        ['up', ['web']],
        ['down', ['db']],
      ],
    );
    await assert.rejects(lockRoot(root, 'down', ['cache', 'db']), { name: 'CastraError' });
    assert.equal((await refusal()).kind, 'busy', 'one that is about the whole project has to wait for both');
    web.note('web', 'kernel');
    assert.deepEqual(readOperations(root)[0]?.steps, { web: 'kernel' });
    web.release();
    assert.deepEqual(
      readOperations(root).map(({ command }) => command),
      ['down'],
    );
    db.release();
    assert.deepEqual(readdirSync(root), ['castra.id', 'castra.lock']);
  });

  test('is for the whole project when it cannot be written for which VMs it is', async () => {
    (await lockRoot(root, 'up', [])).release();
    mkdirSync(join(root, 'operation.json'));
    const lock = await lockRoot(root, 'up', ['web']);
    assert.deepEqual(readOperations(root), []);
    assert.equal((await refusal()).kind, 'busy');
    lock.release();
    (await lockRoot(root, 'down', ['db'])).release();
  });

  test('gives it to one of many who ask at once', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockRoot(root, 'up', [])));
    const won = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    assert.equal(won.length, 1);
    won[0]?.release();
  });

  test('is free when its holder was killed, whatever that left', async () => {
    const holder = await holdElsewhere();
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    assert.ok(existsSync(join(root, 'operation.json')));
    assert.equal(readOperations(root)[0], undefined, 'the operation of a dead holder is ignored');
    (await lockRoot(root, 'down', [])).release();
  });

  test('is not inherited by what its holder starts', async () => {
    const lock = await lockRoot(root, 'up', []);
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(child, 'spawn');
    lock.release();
    (await lockRoot(root, 'down', [])).release();
    child.kill('SIGKILL');
  });

  test('sweeps half-written files once it holds the lock', async () => {
    (await lockRoot(root, 'up', [])).release();
    const { keys } = projectFiles(root);
    mkdirSync(keys, { mode: 0o700 });
    writeFileSync(join(root, 'web.json.001122334455.tmp'), '{');
    writeFileSync(join(keys, 'id_ed25519.001122334455.tmp'), '');
    (await lockRoot(root, 'up', [])).release();
    assert.deepEqual(readdirSync(root), ['castra.id', 'castra.lock', 'keys']);
    assert.deepEqual(readdirSync(keys), []);
  });

  test('a reused pid does not make a dead holder alive', async () => {
    const lock = await lockRoot(root, 'up', []);
    const path = join(root, 'operation.json');
    const announced: unknown = JSON.parse(readFileSync(path, 'utf8'));
    assert.ok(typeof announced === 'object');
    writeFileSync(path, JSON.stringify({ ...announced, startToken: 'another start' }));
    assert.equal(readOperations(root)[0], undefined);
    lock.release();
  });

  test('an announcement of another shape is ignored', async () => {
    (await lockRoot(root, 'up', [])).release();
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '{"pid": "1"}',
      '{"command":"up","pid":2,"startedAt":"","startToken":"","vms":[1]}',
    ]) {
      writeFileSync(join(root, 'operation.json'), text);
      assert.equal(readOperations(root)[0], undefined, text);
    }
  });

  const linux = process.platform === 'linux';
  test('a lock that cannot be taken at all is not "busy"', {
    skip: linux ? false : 'flock(1) is for Linux',
  }, async () => {
    const path = process.env.PATH;
    // A flock that ends like the real one where the file system has no locks.
    writeFileSync(join(folder.path, 'flock'), '#!/bin/sh\nexit 66\n', { mode: 0o755 });
    try {
      process.env.PATH = folder.path;
      const failure = await refusal('up');
      assert.equal(failure.kind, 'state-root-unusable');
      process.env.PATH = join(folder.path, 'none');
      assert.match(JSON.stringify(await refusal('up')), /install util-linux/);
    } finally {
      process.env.PATH = path;
    }
  });
});
