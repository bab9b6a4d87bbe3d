import { createHash } from 'node:crypto';
import type { BaseImage, Digest } from '../config/project.ts';
import type { HostSettings } from '../options.ts';
import { alpineUrl, defaultImages, defaultImageUrls } from './defaultImages.ts';
import { redactUrl } from './redact.ts';

export interface ImageRequest {
  readonly image: Extract<BaseImage, { kind: 'default-alpine' | 'url' }>;
  readonly architecture: 'x86_64' | 'aarch64';
  /** Asked for the default image before Alpine's own server, in order. */
  readonly mirrors: readonly string[];
  readonly settings: HostSettings;
  readonly qemuImg: string;
}

/** What is to be had, whichever way it is said. */
export interface WantedImage {
  /** Names the lock and the files of its download. */
  readonly key: string;
  /** For people. */
  readonly title: string;
  /** What the image is known by, whichever mirror gives it; without credentials, for it is written down. */
  readonly url: string;
  /** To ask, in order. */
  readonly urls: readonly string[];
  readonly digest?: Digest;
  readonly bytes?: number;
}

export function wantedImage({ image, architecture, mirrors, settings }: ImageRequest): WantedImage {
  if (image.kind === 'url') {
    const { url, digest } = image;
    const known = redactUrl(url);
    return { key: keyOf(url, digest), title: 'The image', url: known, urls: [url], ...(digest ? { digest } : {}) };
  }
  const alpine = defaultImages[architecture];
  const own = settings.alpineMirror === undefined ? [] : [settings.alpineMirror];
  const { digest, bytes } = alpine;
  const url = alpineUrl(alpine);
  const urls = defaultImageUrls(alpine, [...own, ...mirrors]);
  return { key: keyOf(url, digest), title: `The default Alpine Linux image (${architecture})`, url, urls, digest, bytes };
}

/** Short enough for every file system, and the same in every process. */
function keyOf(url: string, digest?: Digest): string {
  return createHash('sha256').update(`${url}\n${digest?.hex ?? ''}`).digest('hex').slice(0, 32);
}
