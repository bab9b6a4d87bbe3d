import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_MAX_IMAGE_BYTES } from '../../runtime/config/defaults.ts';
import type { ImageStep } from '../../runtime/contract/images.ts';
import type { Digest } from '../../runtime/contract/vocabulary.ts';
import { type CachedImage, ensureImage } from '../../runtime/images/ensureImage.ts';
import { type ImageServer, type ImageServerOptions, sha256, startImageServer } from './imageServer.ts';
import { makeQcow2, tempFolder } from './tempProject.ts';

export interface ImageBench {
  /** CASTRA_HOME of the cache. */
  readonly home: string;
  readonly path: string;
  readonly server: ImageServer;
  readonly url: string;
  /** What is served at `url`: a qcow2 image. */
  readonly image: Buffer;
  readonly digest: Digest;
  readonly events: ImageStep[];
  of<T extends ImageStep['type']>(type: T): Extract<ImageStep, { type: T }>[];
  /** The image at `url`, or at another place of the server. */
  ensure(digest?: Digest, path?: string, signal?: AbortSignal): Promise<CachedImage>;
}

/** A qcow2 image with some data in it, made by qemu-img. */
export function makeImage(folder: string, fill: string): Buffer {
  const path = join(folder, `${fill}.qcow2`);
  makeQcow2(path);
  execFileSync('qemu-io', ['-c', `write -P ${fill.charCodeAt(0)} 0 512k`, path], { stdio: 'ignore' });
  return readFileSync(path);
}

/** An image cache of its own and a server with one image. */
export async function imageBench(
  act: (bench: ImageBench) => Promise<void>,
  more: Partial<ImageServerOptions> = {},
): Promise<void> {
  const folder = tempFolder();
  const home = join(folder.path, 'home');
  const image = makeImage(folder.path, 'a');
  const server = await startImageServer({ ...more, files: { '/x.qcow2': image, ...more.files } });
  const events: ImageStep[] = [];
  const run = { report: (event: ImageStep) => void events.push(event), signal: new AbortController().signal };
  const url = `${server.origin}/x.qcow2`;
  try {
    await act({
      home,
      path: folder.path,
      server,
      url,
      image,
      digest: { algorithm: 'sha256', hex: sha256(image) },
      events,
      of: <T extends ImageStep['type']>(type: T) =>
        events.filter((event): event is Extract<ImageStep, { type: T }> => event.type === type),
      ensure: (digest, path = '/x.qcow2', signal = run.signal) =>
        ensureImage(
          {
            image: { kind: 'url', url: `${server.origin}${path}`, ...(digest ? { digest } : {}) },
            architecture: 'x86_64',
            mirrors: [],
            settings: { home },
            maxBytes: DEFAULT_MAX_IMAGE_BYTES,
            qemuImg: 'qemu-img',
          },
          { ...run, signal },
        ),
    });
  } finally {
    await server.close();
    await folder.dispose();
  }
}
