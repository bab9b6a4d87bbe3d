import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Diagnostic } from '../contract/diagnostics.ts';
import type { HostSettings } from '../contract/project.ts';
import type { Digest } from '../contract/vocabulary.ts';
import { type Guard, object, oneOf, text } from '../state/decode.ts';
import { readJsonIfAny, writeFileAtomic } from '../state/files.ts';
import { imageFiles } from '../state/layout.ts';
import { checksumUrls, findChecksum } from './checksums.ts';
import { DownloadError } from './download/downloadError.ts';
import { fetchText } from './download/fetchText.ts';
import type { WantedImage } from './wantedImage.ts';

/** Which bytes are the right ones, and who says so: the user, the publisher's checksums, or nothing but what came. */
export interface Trust {
  readonly digest: Digest;
  readonly from: 'given' | 'publisher' | 'first-use';
}

/** What the request says decides, then what the URL was known for when it was first used. */
export function trustOf({ home, digest, urls, pinned }: WantedImage): Trust | undefined {
  if (digest) return { digest, from: 'given' };
  return pinned ? undefined : recallTrust(home, urls[0] ?? '');
}

/** Remembers what a URL was known for first, like a host in ssh's known_hosts; later words do not change it. */
export function noteTrust({ home, urls, url, pinned }: WantedImage, trust: Trust): void {
  const [raw = ''] = urls;
  if (!pinned && recallTrust(home, raw) === undefined) rememberTrust(home, raw, url, trust);
}

/** `raw` may hold credentials: only its hash is written down. */
export function rememberTrust(home: string, raw: string, url: string, trust: Trust): void {
  writeFileAtomic(trustPath(home, raw), `${JSON.stringify({ url, ...trust }, null, 2)}\n`);
}

function recallTrust(home: string, raw: string): Trust | undefined {
  const value = readJsonIfAny(trustPath(home, raw));
  return isTrust(value) ? { digest: value.digest, from: value.from } : undefined;
}

/** One file per URL, so that no two downloads write the same one. */
function trustPath(home: string, raw: string): string {
  return join(imageFiles(home).remembered, `${createHash('sha256').update(raw).digest('hex')}.json`);
}

const isHex: Guard<string> = (value): value is string => text(value) && /^[0-9a-f]+$/.test(value);
const isDigest = object<Digest>({ algorithm: oneOf('sha256', 'sha512'), hex: isHex });
const isTrust = object<Trust>({ digest: isDigest, from: oneOf('given', 'publisher', 'first-use') });

/**
 * Asks for the checksum files beside an image. A server that refuses one has none; one that cannot be reached fails
 * the download: otherwise an attacker on the network could have any image trusted on first use.
 */
export async function askPublisher(
  { urls }: WantedImage,
  { proxy }: HostSettings,
  signal: AbortSignal,
): Promise<Trust | undefined> {
  const [url = ''] = urls;
  const fileName = decodeURIComponent(new URL(url).pathname.split('/').at(-1) ?? '');
  for (const [index, candidate] of checksumUrls(url).entries()) {
    const text = await fetchIfThere(candidate, { signal, ...(proxy ? { proxy } : {}) });
    const digest = text === undefined ? undefined : findChecksum(text, fileName, index < 2);
    if (digest) return { digest, from: 'publisher' };
  }
  return undefined;
}

async function fetchIfThere(url: string, options: Parameters<typeof fetchText>[1]): Promise<string | undefined> {
  try {
    return await fetchText(url, options);
  } catch (error) {
    // Object stores answer 403 for files that do not exist; a file that is too large lists something else.
    if (error instanceof DownloadError && (error.kind === 'http' || error.kind === 'size')) return undefined;
    throw error;
  }
}

export function warnUnpinned({ url }: WantedImage, sha256: string): Diagnostic {
  return {
    severity: 'warning',
    code: 'image/unpinned',
    message: `${url} has no checksum. Castra trusts the first download and will refuse a different file later.`,
    help: `Add this line below \`base_image\`: base_image_sha256 = "${sha256}"`,
  };
}
