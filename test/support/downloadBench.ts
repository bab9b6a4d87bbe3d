import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ImageStep } from '../../runtime/contract/images.ts';
import { type Downloaded, type DownloadRequest, download } from '../../runtime/images/download/download.ts';
import { DownloadError } from '../../runtime/images/download/downloadError.ts';
import type { DownloadTimings } from '../../runtime/images/download/timings.ts';
import { type ImageServer, type ImageServerOptions, sha256, startImageServer } from './imageServer.ts';
import { tempFolder } from './tempProject.ts';

export const KIB = 1024;
export const FILE = randomBytes(600 * KIB);
export const OTHER = randomBytes(600 * KIB);
export const DIGEST = { algorithm: 'sha256', hex: sha256(FILE) } as const;

/** Short pauses; waits that some test must see the end of are set there. */
export const QUICK: Partial<DownloadTimings> = { backoffMs: 5, backoffMaxMs: 20, stallMs: 5_000, responseMs: 5_000 };

export interface Bench {
  readonly server: ImageServer;
  readonly url: string;
  readonly folder: string;
  readonly partial: string;
  readonly events: ImageStep[];
  readonly cancel: AbortController;
  /** Of /image with its digest unless something else is asked for. */
  get(request?: Partial<DownloadRequest>): Promise<Downloaded>;
  /** What get() fails with. */
  refusal(request?: Partial<DownloadRequest>): Promise<DownloadError>;
  of<T extends ImageStep['type']>(type: T): Extract<ImageStep, { type: T }>[];
  ranges(): (string | undefined)[];
}

/** A server with FILE at /image, and a place to download it to. */
export async function bench(
  body: (bench: Bench) => Promise<void>,
  options: Partial<ImageServerOptions> = {},
): Promise<void> {
  const folder = tempFolder();
  const server = await startImageServer({ files: { '/image': FILE }, ...options });
  const events: ImageStep[] = [];
  const cancel = new AbortController();
  const url = `${server.origin}/image`;
  const partial = join(folder.path, 'image.partial');
  const get = (request: Partial<DownloadRequest> = {}) =>
    download(
      { urls: [url], digest: DIGEST, partial, ...request, timings: { ...QUICK, ...request.timings } },
      { report: (event) => events.push(event), signal: cancel.signal },
    );
  const refusal = async (request?: Partial<DownloadRequest>) => {
    const error = await get(request).then(
      () => assert.fail('it should have failed'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof DownloadError, String(error));
    return error;
  };
  try {
    await body({
      ...{ server, url, partial, events, cancel, get, refusal, folder: folder.path },
      of: <T extends ImageStep['type']>(type: T) =>
        events.filter((event): event is Extract<ImageStep, { type: T }> => event.type === type),
      ranges: () => server.requests.map(({ range }) => range),
    });
  } finally {
    await server.close();
    await folder.dispose();
  }
}

export const tail = (count: number) => `bytes=${count}-`;
export const withoutDigest = (url: string, partial: string): DownloadRequest => ({
  urls: [url],
  partial,
  timings: QUICK,
});
