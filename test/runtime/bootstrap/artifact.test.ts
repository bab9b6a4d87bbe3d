import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it, type TestContext } from 'node:test';
import { archiveBytes, writeArchive } from '../../../runtime/bootstrap/payload/archive.ts';
import { readArtifact } from '../../../runtime/bootstrap/payload/artifact.ts';
import { PayloadError, readPayload } from '../../../runtime/bootstrap/payload/payload.ts';
import type { BootstrapPlan } from '../../../runtime/bootstrap/plan.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

let folder: TempFolder;
let payload: string;

beforeEach(() => {
  folder = tempFolder();
  payload = join(folder.path, 'payload');
  mkdirSync(join(payload, 'b'), { recursive: true });
  writeFileSync(join(payload, 'a'), 'A');
  writeFileSync(join(payload, 'b', 'c'), '');
  writeFileSync(join(folder.path, 'run.sh'), 'echo\n');
});
afterEach(() => folder.dispose());

const planOf = (more: Partial<BootstrapPlan> = {}): BootstrapPlan => ({
  vm: 'web',
  mode: 'auto',
  handshakeIdentity: 'web',
  handshakeTimeoutMs: 1000,
  remoteDir: '/tmp/x',
  env: { Z: '1', A: 'two' },
  units: [
    {
      name: 'run.sh',
      run: { kind: 'file', path: join(folder.path, 'run.sh') },
      place: 'run.sh',
      hasShebang: false,
      env: {},
      timeoutMs: 1000,
      retries: 0,
      needs: [],
      reboot: false,
    },
  ],
  isSingle: true,
  payload,
  verify: { command: 'true', path: 'done' },
  ssh: { options: [] },
  warnings: [],
  ...more,
});

describe('the hash of a bootstrap', () => {
  it('is that of the bytes that the first Castra hashes', () => {
    const stream =
      'script\0echo\n\0payload\0file\0a\0A\0dir\0b\0file\0b/c\0\0\0env\0A\0two\0Z\x001\0' +
      '\0remote_dir\0/tmp/x\0verify_command\0true\0verify_path\0/tmp/x/done\0';
    assert.equal(readArtifact(planOf()).hash, createHash('sha256').update(stream).digest('hex'));
  });

  it('changes with all that decides what runs; what is sent has a hash of its own', () => {
    const first = readArtifact(planOf());
    assert.notEqual(readArtifact(planOf({ env: {} })).hash, first.hash);
    assert.equal(readArtifact(planOf({ env: {} })).transferHash, first.transferHash);
    chmodSync(join(payload, 'a'), 0o755);
    const executable = readArtifact(planOf());
    assert.notEqual(executable.transferHash, first.transferHash);
    writeFileSync(join(payload, 'b', 'c'), 'x');
    assert.notEqual(readArtifact(planOf()).hash, executable.hash);
  });
});

describe('a payload', () => {
  it('keeps links inside, and refuses those that lead out, and what is no file', () => {
    symlinkSync('../a', join(payload, 'b', 'up'));
    assert.deepEqual(
      readPayload(payload).map(({ name, kind }) => `${kind} ${name}`),
      ['file a', 'folder b', 'file b/c', 'link b/up'],
    );
    for (const target of ['../../x', '/etc/passwd', '..', 'b/../../..']) {
      const link = join(payload, 'bad');
      symlinkSync(target, link);
      assert.throws(
        () => readPayload(payload),
        (error: Error) => error instanceof PayloadError && /leads out/.test(error.message),
        target,
      );
      spawnSync('rm', [link]);
    }
    spawnSync('mkfifo', [join(payload, 'pipe')]);
    assert.throws(() => readPayload(payload), /neither a file nor a folder nor a link/);
  });
});

/** Unpacks with a tar; the file of busybox is found in the test guest's tree or on PATH. */
const TARS: readonly (readonly string[])[] = [['tar'], ['busybox', 'tar']];

async function pack(plan: BootstrapPlan): Promise<Buffer> {
  const { members } = readArtifact(plan);
  const pieces: Buffer[] = [];
  for await (const piece of writeArchive(members)) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  // Names that are too long have entries of their own, which progress does not count.
  assert.ok(bytes.length >= archiveBytes(members));
  return bytes;
}

describe('an archive', () => {
  for (const [program = '', ...words] of TARS) {
    it(`is what ${[program, ...words].join(' ')} unpacks: modes, links, long and odd names, times`, async (t: TestContext) => {
      if (spawnSync(program, [...words, '--help']).error) return t.skip(`there is no ${program} here`);
      const long = `${'directory-name/'.repeat(20)}${'x'.repeat(200)}`;
      mkdirSync(join(payload, long, '..'), { recursive: true });
      writeFileSync(join(payload, long), 'long');
      writeFileSync(join(payload, 'größe "日本" \n x'), 'odd', { mode: 0o640 });
      writeFileSync(join(payload, 'big'), Buffer.alloc(3_000_001, 7));
      linkSync(join(payload, 'a'), join(payload, 'hard'));
      symlinkSync(long, join(payload, 'link'));
      const target = join(folder.path, 'out');
      mkdirSync(target);
      const { status, stderr } = spawnSync(program, [...words, '-xpof', '-'], {
        cwd: target,
        input: await pack(planOf()),
      });
      assert.equal(status, 0, String(stderr));
      const there = (name: string) => join(target, 'payload', name);
      assert.equal(readFileSync(there(long), 'utf8'), 'long');
      assert.equal(readFileSync(there('größe "日本" \n x'), 'utf8'), 'odd');
      assert.equal(lstatSync(there('größe "日本" \n x')).mode & 0o777, 0o640);
      assert.ok(readFileSync(there('big')).equals(Buffer.alloc(3_000_001, 7)));
      assert.equal(readFileSync(there('hard'), 'utf8'), 'A');
      assert.equal(readlinkSync(there('link')), long);
      assert.equal(lstatSync(join(target, 'run.sh')).mode & 0o777, 0o755);
      assert.equal(
        Math.floor(lstatSync(there('big')).mtimeMs / 1000),
        Math.floor(lstatSync(join(payload, 'big')).mtimeMs / 1000),
      );
      assert.deepEqual(readdirSync(there('')).sort(), readdirSync(payload).sort());
    });
  }

  it('fails when a file changes while it is sent', async () => {
    const { members } = readArtifact(planOf());
    writeFileSync(join(payload, 'a'), 'longer');
    await assert.rejects(async () => {
      for await (const _ of writeArchive(members));
    }, /changed while it was sent/);
  });
});
