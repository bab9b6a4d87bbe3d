import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Digest } from '../config/project.ts';
import { readJsonIfAny, writeFileAtomic } from '../state/files.ts';
import { imageFiles } from '../state/layout.ts';

/** What a URL without a digest gave when it was first used, like a host in ssh's known_hosts. */
export interface Remembered {
  readonly url: string;
  readonly digest: Digest;
  /** Said by the publisher's checksum file, or by nothing but what came. */
  readonly from: 'publisher' | 'first-use';
}

/** One file per URL, so that no two downloads write the same one. */
export function rememberedPath(home: string, url: string): string {
  return join(imageFiles(home).remembered, `${createHash('sha256').update(url).digest('hex')}.json`);
}

export function remember(home: string, remembered: Remembered): void {
  writeFileAtomic(rememberedPath(home, remembered.url), `${JSON.stringify(remembered, null, 2)}\n`);
}

export function recall(home: string, url: string): Remembered | undefined {
  const value = readJsonIfAny(rememberedPath(home, url));
  return isRemembered(value) && value.url === url ? value : undefined;
}

function isRemembered(value: unknown): value is Remembered {
  if (typeof value !== 'object' || value === null) return false;
  const { url, digest, from } = value as Partial<Record<keyof Remembered, unknown>>;
  return typeof url === 'string' && isDigest(digest) && (from === 'publisher' || from === 'first-use');
}

function isDigest(value: unknown): value is Digest {
  if (typeof value !== 'object' || value === null) return false;
  const { algorithm, hex } = value as Partial<Record<keyof Digest, unknown>>;
  return (algorithm === 'sha256' || algorithm === 'sha512') && typeof hex === 'string' && /^[0-9a-f]+$/.test(hex);
}
