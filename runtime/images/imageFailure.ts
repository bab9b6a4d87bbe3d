import { CastraError, messageOf } from '../contract/failures.ts';
import { Qcow2Error } from '../disks/qcow2.ts';
import { DownloadError } from './download/downloadError.ts';
import { redactUrl } from './download/redact.ts';
import type { WantedImage } from './wantedImage.ts';

export const SUPPORTED =
  'Castra takes whole disks: qcow2, raw, VHD, VMDK or VDI, plain or compressed with gzip, xz or zstd, or as the only disk in a tar archive.';

/** What a person needs who has to get the image in another way, after why this one failed. */
export function explainFailure(error: unknown, wanted: WantedImage, signal: AbortSignal): unknown {
  if (error instanceof CastraError) return error;
  if (signal.aborted) return new CastraError({ kind: 'cancelled' }, { cause: error });
  const { url } = wanted;
  const detail = describeFailure(error, wanted);
  return detail === undefined ? error : new CastraError({ kind: 'image-failed', url, detail }, { cause: error });
}

function describeFailure(error: unknown, wanted: WantedImage): string | undefined {
  if (error instanceof DownloadError) return describeDownload(error, wanted);
  if (error instanceof Qcow2Error) {
    return `${wanted.title} from ${wanted.url} cannot be used: ${error.message}. ${error.advice ?? `${SUPPORTED} Correct \`base_image\`, or convert the image by hand.`}`;
  }
  return describeDisk(error);
}

function describeDownload(error: DownloadError, wanted: WantedImage): string {
  const { title, urls, digest, bytes } = wanted;
  return [
    `${title} could not be downloaded.`,
    ...error.message.split('\n').map((line) => `  ${line}`),
    ...(error.kind === 'digest' && digest === undefined ? [CHANGED] : []),
    'Without a network, copy this file to the host and run `castra images import FILE`:',
    ...urls.map((url) => `  ${redactUrl(url)}`),
    ...(digest ? [`  ${digest.algorithm} ${digest.hex}`] : []),
    ...(bytes === undefined ? [] : [`  ${bytes} bytes`]),
    ...(digest ? [] : ['and add the `base_image_sha256` that it prints to castra.toml.']),
  ].join('\n');
}

const CHANGED =
  'The file differs from the first download of this URL or from the digest of its publisher. To use the new file, run `castra images pull URL --sha256 DIGEST`, or set `base_image_sha256`.';

/** Undefined for what is not a file error: a bug must not look like a full disk. */
export function describeDisk(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  return error.code === 'ENOSPC' || error.code === 'EDQUOT'
    ? `No space is left for images (${messageOf(error)}). Free some space; \`castra images prune\` removes unused images.`
    : `The image cache cannot be used: ${messageOf(error)}. Correct that, or set CASTRA_HOME to another folder.`;
}
