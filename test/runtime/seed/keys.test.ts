import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CastraError } from '../../../runtime/contract/failures.ts';
import { ensureKeyPair } from '../../../runtime/seed/keys.ts';
import { derivePublicKey, generateKeyPair } from '../../../runtime/seed/openssh.ts';
import { tempFolder } from '../../support/tempProject.ts';

const sshKeygen = (...args: string[]) => execFileSync('ssh-keygen', args, { encoding: 'utf8' }).trim();

async function inFolder(body: (path: string, folder: string) => void | Promise<void>): Promise<void> {
  const folder = tempFolder();
  try {
    await body(join(folder.path, 'keys/id_ed25519'), folder.path);
  } finally {
    await folder.dispose();
  }
}

const refused = (detail: RegExp) => (error: unknown) => {
  assert.ok(error instanceof CastraError && error.failure.kind === 'key-unusable', String(error));
  assert.match(error.failure.detail, detail);
  return true;
};

describe('ensureKeyPair', () => {
  test('makes a pair that ssh-keygen reads, for its owner only, and then keeps it', () =>
    inFolder((path) => {
      const made = ensureKeyPair(path, 'castra demo');
      assert.equal(sshKeygen('-y', '-f', path), made.publicKey);
      assert.match(sshKeygen('-l', '-f', path), /^256 SHA256:\S+ castra demo \(ED25519\)$/);
      assert.equal(readFileSync(`${path}.pub`, 'utf8'), `${made.publicKey}\n`);
      assert.equal(readFileSync(path, 'utf8'), made.privateKey);
      for (const file of [path, `${path}.pub`]) assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.equal(statSync(join(path, '..')).mode & 0o777, 0o700);
      assert.deepEqual(ensureKeyPair(path, 'another comment'), made);
      assert.deepEqual(readdirSync(join(path, '..')).sort(), ['id_ed25519', 'id_ed25519.pub']);
    }));

  test('takes a pair that ssh-keygen made, with a comment of any length', () =>
    inFolder((path) => {
      mkdirSync(join(path, '..'));
      for (let length = 0; length < 10; length++) {
        rmSync(path, { force: true });
        rmSync(`${path}.pub`, { force: true });
        sshKeygen('-q', '-t', 'ed25519', '-N', '', '-C', 'x'.repeat(length), '-f', path);
        assert.equal(ensureKeyPair(path, '').publicKey, readFileSync(`${path}.pub`, 'utf8').trim());
        writeFileSync(path, generateKeyPair('y'.repeat(length)).privateKey);
        assert.match(sshKeygen('-l', '-f', path), /^256 /);
      }
    }));

  test('writes a missing public half again, and closes a private one that others could read', () =>
    inFolder((path) => {
      const made = ensureKeyPair(path, 'castra');
      rmSync(`${path}.pub`);
      chmodSync(path, 0o644);
      assert.deepEqual(ensureKeyPair(path, ''), made);
      assert.equal(readFileSync(`${path}.pub`, 'utf8').trim(), made.publicKey);
      assert.equal(statSync(path).mode & 0o777, 0o600);
    }));

  test('refuses a damaged pair and leaves it as it is', () =>
    inFolder((path) => {
      const { privateKey } = ensureKeyPair(path, 'castra');
      const body = Buffer.from(privateKey.split('\n').slice(1, -2).join(''), 'base64');
      const pem = (bytes: Buffer) =>
        `-----BEGIN OPENSSH PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;
      const flipped = Buffer.from(body);
      flipped[flipped.length - 80] = (flipped[flipped.length - 80] ?? 0) ^ 1;
      const cases: readonly (readonly [string, RegExp])[] = [
        ['', /not a complete OpenSSH private key/],
        [privateKey.slice(0, 200), /not a complete OpenSSH private key/],
        [pem(body.subarray(0, 150)), /truncated/],
        [pem(Buffer.from('something else entirely')), /not an OpenSSH private key/],
        [pem(flipped), /public and private key do not match/],
      ];
      for (const [text, detail] of cases) {
        writeFileSync(path, text);
        assert.throws(() => ensureKeyPair(path, ''), refused(detail));
        assert.equal(readFileSync(path, 'utf8'), text);
      }
    }));

  test('refuses two halves of different pairs, half a pair, and a key with a passphrase', () =>
    inFolder((path) => {
      ensureKeyPair(path, 'castra');
      writeFileSync(path, generateKeyPair('other').privateKey);
      assert.throws(() => ensureKeyPair(path, ''), refused(/belongs to another key/));
      rmSync(path);
      assert.throws(() => ensureKeyPair(path, ''), refused(/is missing, but its public key/));
      rmSync(`${path}.pub`);
      sshKeygen('-q', '-t', 'ed25519', '-N', 'secret', '-f', path);
      assert.throws(() => ensureKeyPair(path, ''), refused(/passphrase/));
    }));

  test('says which file and what to do when it cannot be written', () =>
    inFolder((_, folder) => {
      writeFileSync(join(folder, 'file'), '');
      assert.throws(() => ensureKeyPair(join(folder, 'file/key'), ''), CastraError);
    }));

  test('gives processes that make it at once the same pair', () =>
    inFolder(async (path) => {
      const script = `
        const { ensureKeyPair } = await import(${JSON.stringify(join(process.cwd(), 'runtime/seed/keys.ts'))});
        while (Date.now() < Number(process.argv[2]));
        console.log(ensureKeyPair(process.argv[3], 'race').publicKey);`;
      const bundle = await bundled(script, path);
      const startAt = Date.now() + 500;
      const children = Array.from({ length: 4 }, () =>
        spawn(process.execPath, [bundle, String(startAt), path], { stdio: ['ignore', 'pipe', 'inherit'] }),
      );
      const lines = await Promise.all(
        children.map(async (child) => {
          const chunks: Buffer[] = [];
          child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
          await once(child, 'close');
          return Buffer.concat(chunks).toString('utf8').trim();
        }),
      );
      assert.deepEqual([...new Set(lines)], [derivePublicKey(readFileSync(path, 'utf8'))]);
    }));
});

/** Node 20 runs no TypeScript: a child process gets a bundle. */
async function bundled(script: string, beside: string): Promise<string> {
  const { build } = await import('esbuild');
  const outfile = join(beside, '../../race.mjs');
  await build({
    stdin: { contents: script, resolveDir: process.cwd() },
    ...{ bundle: true, platform: 'node', format: 'esm', outfile, logLevel: 'silent' },
  });
  return outfile;
}
