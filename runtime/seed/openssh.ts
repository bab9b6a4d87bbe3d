import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

/** An ed25519 key pair as OpenSSH writes it. */
export interface KeyPair {
  /** One line, without its newline: type, key, comment. */
  readonly publicKey: string;
  /** The whole file. */
  readonly privateKey: string;
}

// The file format is PROTOCOL.key of OpenSSH. ssh2 could do this too, but takes 25 ms to load.
const TYPE = 'ssh-ed25519';
const MAGIC = Buffer.from('openssh-key-v1\0', 'latin1');
const BEGIN = '-----BEGIN OPENSSH PRIVATE KEY-----';
const END = '-----END OPENSSH PRIVATE KEY-----';
const KEY_BYTES = 32;
/** Of a cipher that there is none of: the private part is padded to it with 1, 2, 3 … */
const BLOCK_BYTES = 8;
/** PKCS #8 of an ed25519 private key, up to the key itself (RFC 8410 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

export function generateKeyPair(comment: string): KeyPair {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { seed, point } = rawKeys(privateKey);
  const checkInt = randomBytes(4);
  const secret = Buffer.concat([
    ...[checkInt, checkInt],
    ...[sshString(TYPE), sshString(point), sshString(Buffer.concat([seed, point])), sshString(comment)],
  ]);
  const padding = Buffer.from(Array.from({ length: paddingFor(secret.length) }, (_, index) => index + 1));
  const count = Buffer.of(0, 0, 0, 1);
  const file = Buffer.concat([
    ...[MAGIC, sshString('none'), sshString('none'), sshString(''), count],
    ...[sshString(publicBlob(point)), sshString(Buffer.concat([secret, padding]))],
  ]);
  const lines = file.toString('base64').match(/.{1,70}/g) ?? [];
  return { publicKey: publicLine(point, comment), privateKey: [BEGIN, ...lines, END, ''].join('\n') };
}

const paddingFor = (length: number): number => (BLOCK_BYTES - (length % BLOCK_BYTES)) % BLOCK_BYTES;

/** The public line of a private key file. Throws an Error that says what is wrong with the file. */
export function derivePublicKey(privateKey: string): string {
  const base64 = new RegExp(`^${BEGIN}\\n([A-Za-z0-9+/=\\n]+)\\n${END}\\n*$`).exec(
    privateKey.replaceAll('\r', ''),
  )?.[1];
  if (base64 === undefined) throw new Error('it is not a complete OpenSSH private key');
  const file = new Reader(Buffer.from(base64, 'base64'));
  if (!file.take(MAGIC.length).equals(MAGIC)) throw new Error('it is not an OpenSSH private key');
  if (file.text() !== 'none') throw new Error('it has a passphrase');
  file.string();
  file.string();
  if (file.number() !== 1) throw new Error('it does not contain exactly one key');
  file.string();
  const secret = new Reader(file.string());
  const checkInt = secret.take(4);
  if (!secret.take(4).equals(checkInt)) throw new Error('it is damaged');
  if (secret.text() !== TYPE) throw new Error('it is not an ed25519 key');
  const point = secret.string();
  const seed = secret.string().subarray(0, KEY_BYTES);
  if (seed.length !== KEY_BYTES || !pointOf(seed).equals(point))
    throw new Error('its public and private key do not match');
  return publicLine(point, secret.text());
}

function rawKeys(key: KeyObject): { seed: Buffer; point: Buffer } {
  const { d = '', x = '' } = key.export({ format: 'jwk' });
  return { seed: Buffer.from(d, 'base64url'), point: Buffer.from(x, 'base64url') };
}

function pointOf(seed: Buffer): Buffer {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  return Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url');
}

const publicBlob = (point: Buffer): Buffer => Buffer.concat([sshString(TYPE), sshString(point)]);

function publicLine(point: Buffer, comment: string): string {
  return `${TYPE} ${publicBlob(point).toString('base64')} ${comment}`.trimEnd();
}

/** A length of 32 bits and the bytes (RFC 4251 5). */
function sshString(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Reads such strings; a file that is cut short is told from a strange one. */
class Reader {
  #rest: Buffer;
  constructor(bytes: Buffer) {
    this.#rest = bytes;
  }
  take(length: number): Buffer {
    if (length > this.#rest.length) throw new Error('it is truncated');
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
  number(): number {
    return this.take(4).readUInt32BE();
  }
  string(): Buffer {
    return this.take(this.number());
  }
  text(): string {
    return this.string().toString('utf8');
  }
}
