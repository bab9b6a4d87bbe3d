import type { Diagnostic } from '../contract/diagnostics.ts';
import type { ImageStep } from '../contract/images.ts';
import { Qcow2Error } from '../disks/qcow2.ts';
import { downloadFiles, imageFiles } from '../state/layout.ts';
import { addImage } from './addImage.ts';
import { download } from './download/download.ts';
import { sweepDownload } from './download/partials.ts';
import { holdDownload } from './downloadLock.ts';
import { explainFailure } from './imageFailure.ts';
import type { ImageRecord } from './imageRecord.ts';
import { prepareCache, sourceOf } from './store.ts';
import { askPublisher } from './trust/publisher.ts';
import { noteTrust, type Trust, trustOf, warnUnpinned } from './trust/trust.ts';
import { findSound } from './verify.ts';
import { type ImageRequest, type WantedImage, wantedImage } from './wantedImage.ts';

export type { ImageRequest } from './wantedImage.ts';

export interface CachedImage {
  readonly path: string;
  /** Of the cached qcow2 file. */
  readonly sha256: string;
  readonly bytes: number;
  /** Where it came from, without credentials. */
  readonly url: string;
  readonly diagnostics: readonly Diagnostic[];
}

export interface ImageRun {
  readonly report: (step: ImageStep) => void;
  readonly signal: AbortSignal;
}

/**
 * The image from the cache, without a look at the network; else downloaded, checked and added to it. Of all processes
 * that want an image, one downloads it and the others wait. Fails with `image-failed` or `cancelled`.
 */
export async function ensureImage(request: ImageRequest, run: ImageRun): Promise<CachedImage> {
  const wanted = wantedImage(request);
  try {
    prepareCache(wanted.home);
    const image = (await findCached(wanted, trustOf(wanted), run)) ?? (await obtain(request, wanted, run));
    run.report({ type: 'image.ready', url: image.url, path: image.path, bytes: image.bytes });
    return image;
  } catch (error) {
    throw explainFailure(error, wanted, run.signal);
  }
}

/** Undefined when it is not there, or was there and is damaged. */
async function findCached(
  wanted: WantedImage,
  trust: Trust | undefined,
  run: ImageRun,
): Promise<CachedImage | undefined> {
  if (trust === undefined) return undefined;
  const { home } = wanted;
  const image = await findSound(home, trust.digest, run);
  if (!image) return undefined;
  noteTrust(wanted, trust);
  return answer(wanted, trust, image);
}

/** Downloads it, unless another process has just done that: then there is nothing left to do. */
async function obtain(request: ImageRequest, wanted: WantedImage, run: ImageRun): Promise<CachedImage> {
  const free = await holdDownload(wanted, run);
  try {
    const known = trustOf(wanted);
    const said = known ? undefined : await askPublisher(wanted, request.settings, run);
    const trust: Trust | undefined = said?.kind === 'says' ? { digest: said.digest, from: 'publisher' } : known;
    const lookedFor = said?.kind === 'silent' ? said.lookedFor : [];
    // Also when the digest came from the publisher: the same image may have come from another URL.
    return (await findCached(wanted, trust, run)) ?? (await fetchImage(request, wanted, { trust, lookedFor }, run));
  } finally {
    free();
  }
}

async function fetchImage(
  { settings, qemuImg, maxBytes }: ImageRequest,
  wanted: WantedImage,
  { trust, lookedFor }: { readonly trust: Trust | undefined; readonly lookedFor: readonly string[] },
  run: ImageRun,
): Promise<CachedImage> {
  const { home, key, urls, bytes } = wanted;
  const partial = downloadFiles(home, key).part;
  const { url, ...digests } = await download(
    {
      urls,
      partial,
      ...(trust ? { digest: trust.digest } : {}),
      ...(bytes === undefined ? {} : { bytes }),
      ...(settings.proxy ? { proxy: settings.proxy } : {}),
    },
    run,
  );
  const { sha256, sha512 } = digests;
  const source = { url, sha256, ...(sha512 === undefined ? {} : { sha512 }) };
  const image = await addImage({ home, qemuImg, key, file: partial, name: url, source, maxBytes }, run).catch(
    (error: unknown) => {
      // What came is not an image: resuming it would bring the same bytes.
      if (error instanceof Qcow2Error) discardDownload(wanted, error.message, run);
      throw error;
    },
  );
  const settled: Trust = trust ?? { digest: { algorithm: 'sha256', hex: sha256 }, from: 'first-use', lookedFor };
  noteTrust(wanted, settled);
  return answer(wanted, settled, image);
}

function discardDownload({ home, key }: WantedImage, reason: string, { report }: ImageRun): void {
  sweepDownload(home, key);
  report({ type: 'image.discarded', path: downloadFiles(home, key).part, reason });
}

function answer(wanted: WantedImage, trust: Trust, image: ImageRecord): CachedImage {
  const source = sourceOf(image, wanted.url, trust.digest);
  return {
    path: imageFiles(wanted.home).image(image.sha256),
    sha256: image.sha256,
    bytes: image.bytes,
    url: source?.url ?? wanted.url,
    diagnostics: trust.from === 'first-use' ? [warnUnpinned(wanted, trust, source?.sha256 ?? image.sha256)] : [],
  };
}
