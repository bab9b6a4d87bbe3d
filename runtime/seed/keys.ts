import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CastraError, messageOf } from '../contract/failures.ts';
import { ensurePrivateDirectory, writeFileAtomic } from '../state/files.ts';
import { FILE_MODE } from '../state/layout.ts';
import { readOwnText } from '../state/ownFile.ts';
import { derivePublicKey, generateKeyPair, type KeyPair } from './openssh.ts';

/**
 * The key pair in `path` and `path.pub`, made when there is none. A pair that is damaged is never replaced, because
 * guests may know it: that is `key-unusable`. Two processes that make it at once get the same one.
 */
export function ensureKeyPair(path: string, comment: string): KeyPair {
  try {
    return readKeyPair(path) ?? makeKeyPair(path, comment);
  } catch (error) {
    if (error instanceof CastraError) throw error;
    throw new CastraError({ kind: 'write-failed', path, detail: messageOf(error) }, { cause: error });
  }
}

/** Undefined when there is no file of the pair. Throws `key-unusable`. */
function readKeyPair(path: string): KeyPair | undefined {
  const privateKey = readIfThere(path);
  const written = readIfThere(`${path}.pub`)?.trim();
  if (privateKey === undefined) {
    if (written === undefined) return undefined;
    throw unusable(path, `it is missing, but its public key ${path}.pub exists`);
  }
  const publicKey = derive(path, privateKey);
  // A crash between the two files, or a lost file: the private key has all there is to know.
  if (written === undefined) writeFileAtomic(`${path}.pub`, `${publicKey}\n`);
  else if (bareKey(written) !== bareKey(publicKey)) throw unusable(path, `${path}.pub belongs to another key`);
  closeToOthers(path);
  return { publicKey, privateKey };
}

/** The private key gets its name in one step, and only when no other process has taken it. */
function makeKeyPair(path: string, comment: string): KeyPair {
  ensurePrivateDirectory(dirname(path));
  const made = generateKeyPair(comment);
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, made.privateKey, { flag: 'wx', mode: FILE_MODE });
    takeName(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
  return readKeyPair(path) ?? made;
}

/** Some file systems have no hard links; there the project lock must do. */
function takeName(temporary: string, path: string): void {
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') renameSync(temporary, path);
  }
}

function derive(path: string, privateKey: string): string {
  try {
    return derivePublicKey(privateKey);
  } catch (error) {
    throw unusable(path, messageOf(error));
  }
}

/** ssh refuses a private key that others may read. */
function closeToOthers(path: string): void {
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) chmodSync(path, FILE_MODE);
}

/** Type and key: a comment may be anything. */
const bareKey = (line: string): string => line.split(/\s+/, 2).join(' ');

function readIfThere(path: string): string | undefined {
  try {
    return readOwnText(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unusable(path, messageOf(error));
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

const unusable = (path: string, detail: string): CastraError => new CastraError({ kind: 'key-unusable', path, detail });
