import { createHash } from 'node:crypto';
import type { BaseImage } from '../config/project.ts';
import type { HostSettings } from '../contract/project.ts';
import type { Architecture, Digest } from '../contract/vocabulary.ts';
import { alpineUrl, defaultImages, defaultImageUrls } from './defaultImages.ts';
import { redactUrl } from './download/redact.ts';

export interface ImageRequest {
  readonly image: Extract<BaseImage, { kind: 'default-alpine' | 'url' }>;
  readonly architecture: Architecture;
  /** Asked for the default image before Alpine's own server, in order. */
  readonly mirrors: readonly string[];
  readonly settings: HostSettings;
  /** `[images] max_size`. */
  readonly maxBytes: number;
  readonly qemuImg: string;
}

/** What is to be had, whichever way it is said. */
export interface WantedImage {
  readonly home: string;
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
  /** Castra itself knows what it must contain. */
  readonly pinned: boolean;
}

export function wantedImage({ image, architecture, mirrors, settings }: ImageRequest): WantedImage {
  const { home, alpineMirror } = settings;
  if (image.kind === 'url') {
    const { url, digest } = image;
    const names = { key: keyOf(url, digest), title: 'The image', url: redactUrl(url), urls: [url] };
    return { home, ...names, ...(digest ? { digest } : {}), pinned: false };
  }
  const alpine = defaultImages[architecture];
  const { digest, bytes } = alpine;
  const url = alpineUrl(alpine);
  const urls = defaultImageUrls(alpine, [...(alpineMirror === undefined ? [] : [alpineMirror]), ...mirrors]);
  const title = `The default Alpine Linux image (${architecture})`;
  return { home, key: keyOf(url, digest), title, url, urls, digest, bytes, pinned: true };
}

/** Short enough for every file system, and the same in every process. */
function keyOf(url: string, digest?: Digest): string {
  return createHash('sha256')
    .update(`${url}\n${digest?.hex ?? ''}`)
    .digest('hex')
    .slice(0, 32);
}
