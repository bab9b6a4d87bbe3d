import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Diagnostic } from '../../contract/diagnostics.ts';
import type { Digest } from '../../contract/vocabulary.ts';
import { either, type Guard, listOf, object, oneOf, optional, text } from '../../state/decode.ts';
import { readJsonIfAny, writeFileAtomic } from '../../state/files.ts';
import { imageFiles } from '../../state/layout.ts';
import type { WantedImage } from '../wantedImage.ts';

/** Which bytes are the right ones, and who says so: the user, the publisher's checksums, or nothing but what came. */
export type Trust = Vouched | FirstUse;

interface Vouched {
  readonly digest: Digest;
  readonly from: 'given' | 'publisher';
}

interface FirstUse {
  readonly digest: Digest;
  readonly from: 'first-use';
  /** Names of the checksum files that were looked for; absent in what an older Castra remembered. */
  readonly lookedFor?: readonly string[];
}

/** What the request says decides, then what the URL was known for when it was first used. */
export function trustOf({ home, digest, urls, pinned }: WantedImage): Trust | undefined {
  if (digest) return { digest, from: 'given' };
  return pinned ? undefined : recallTrust(home, urls[0] ?? '');
}

/** Remembers what a URL was known for first, like a host in ssh's known_hosts; later words do not change it. */
export function noteTrust({ home, urls, url, pinned }: WantedImage, trust: Trust): void {
  const [raw = ''] = urls;
  if (!pinned && recallTrust(home, raw) === undefined) rememberTrust(home, { raw, url }, trust);
}

/** A URL as it is used, which may hold credentials, and as it may be written down. */
interface TrustedUrl {
  readonly raw: string;
  readonly url: string;
}

/** Of the URL as it is used only the hash is written. */
export function rememberTrust(home: string, { raw, url }: TrustedUrl, trust: Trust): void {
  writeFileAtomic(trustPath(home, raw), `${JSON.stringify({ url, ...trust }, null, 2)}\n`);
}

function recallTrust(home: string, raw: string): Trust | undefined {
  const value = readJsonIfAny(trustPath(home, raw));
  return isTrust(value) ? value : undefined;
}

/** One file per URL, so that no two downloads write the same one. */
function trustPath(home: string, raw: string): string {
  return join(imageFiles(home).remembered, `${createHash('sha256').update(raw).digest('hex')}.json`);
}

const isHex: Guard<string> = (value): value is string => text(value) && /^[0-9a-f]+$/.test(value);
const isDigest = object<Digest>({ algorithm: oneOf('sha256', 'sha512'), hex: isHex });
const isVouched = object<Vouched>({ digest: isDigest, from: oneOf('given', 'publisher') });
const isFirstUse = object<FirstUse>({
  digest: isDigest,
  from: oneOf('first-use'),
  lookedFor: optional(listOf(text)),
});
const isTrust = either(isVouched, isFirstUse);

export function warnUnpinned({ url }: WantedImage, { lookedFor }: FirstUse, sha256: string): Diagnostic {
  const search = lookedFor === undefined ? '' : ` Castra looked beside it for ${lookedFor.join(', ')}.`;
  return {
    severity: 'warning',
    code: 'image/unpinned',
    message: `${url} has no checksum.${search} Castra trusts the first download and will refuse a different file later.`,
    help: `Add this line below \`base_image\`: base_image_sha256 = "${sha256}"`,
  };
}
