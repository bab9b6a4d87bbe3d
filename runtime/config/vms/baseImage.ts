import { resolve } from 'node:path';
import type { Digest } from '../../contract/vocabulary.ts';
import { text } from '../fields.ts';
import type { Findings } from '../findings/findings.ts';
import type { BaseImage } from '../project.ts';
import { type Picked, pick, type Replica } from './replicas.ts';

/** What a VM's disk starts from: a file, a URL, or the default. */
export function readBaseImage(replica: Replica, projectFolder: string, findings: Findings): BaseImage {
  refuseManagedImage(pick(replica, 'managed_image'), findings);
  const { value, path } = pick(replica, 'base_image');
  const written = text(value);
  const digest = readDigest(replica, findings);
  if (written === undefined || !isUrl(written)) {
    if (digest) refuseUselessDigest(digest, findings);
    return written === undefined ? { kind: 'default-alpine' } : { kind: 'file', path: resolve(projectFolder, written) };
  }
  checkUrl({ url: written, path, hasDigest: digest !== undefined }, findings);
  return { kind: 'url', url: written, ...(digest ? { digest: digest.digest } : {}) };
}

/** What browsers let pass and servers answer with an error: a `%` of the file's own name. */
export const hasStrayPercent = (url: string): boolean => /%(?![0-9a-f]{2})/i.test(url);

export const isUrl = (written: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(written);

function refuseManagedImage({ value, path }: Picked, findings: Findings): void {
  if (value === undefined) return;
  findings.report({
    severity: 'error',
    code: 'config/managed-image',
    message: '`managed_image` is no longer supported.',
    help: 'Remove it to get the default Alpine Linux image, or set `base_image` to a qcow2 file or a URL.',
    path,
    part: 'key',
  });
}

interface PlacedDigest {
  readonly digest: Digest;
  readonly path: Picked['path'];
}

/** A replica with an image of its own has a digest of its own, or none. */
function readDigest(replica: Replica, findings: Findings): PlacedDigest | undefined {
  const own = replica.override?.table.base_image !== undefined;
  const find = (algorithm: Digest['algorithm']): PlacedDigest[] => {
    const { value, path } = pick(replica, `base_image_${algorithm}`);
    const inherited = path.length === replica.path.length + 1;
    const hex = text(value)?.toLowerCase();
    return hex === undefined || (own && inherited) ? [] : [{ digest: { algorithm, hex }, path }];
  };
  const [first, second] = [...find('sha512'), ...find('sha256')];
  if (first && second) {
    findings.report({
      severity: 'error',
      code: 'config/two-digests',
      message: 'Set `base_image_sha256` or `base_image_sha512`, not both.',
      help: 'Remove `base_image_sha256` or `base_image_sha512`.',
      path: second.path,
      part: 'key',
      related: { path: first.path, message: 'The other one.' },
    });
  }
  return first;
}

function refuseUselessDigest({ path }: PlacedDigest, findings: Findings): void {
  findings.report({
    severity: 'error',
    code: 'config/digest-without-url',
    message: 'A digest checks a download, but `base_image` is not a URL.',
    help: 'Remove it, or set `base_image` to the URL that it belongs to.',
    path,
    part: 'key',
  });
}

interface WrittenUrl extends Pick<Picked, 'path'> {
  readonly url: string;
  readonly hasDigest: boolean;
}

function checkUrl({ url, path, hasDigest }: WrittenUrl, findings: Findings): void {
  const scheme = URL.canParse(url) ? new URL(url).protocol : undefined;
  if (scheme !== 'https:' && scheme !== 'http:') {
    findings.report({
      severity: 'error',
      code: 'config/image-url',
      message: `Castra cannot download from "${url}".`,
      help: 'Write an `https://` URL, or download the image and write its path.',
      path,
    });
  } else if (hasStrayPercent(url)) {
    findings.report({
      severity: 'error',
      code: 'config/image-url',
      message: `"${url}" has a "%" without two hexadecimal digits behind it.`,
      help: 'In a URL, write a "%" that is part of a name as "%25".',
      path,
    });
  } else if (scheme === 'http:' && !hasDigest) {
    findings.report({
      severity: 'error',
      code: 'config/http-without-digest',
      message: 'A download over plain HTTP can be changed in transit.',
      help: 'Use `https://`, or add `base_image_sha256` with the digest that the publisher states.',
      path,
    });
  }
}
