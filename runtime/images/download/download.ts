import { CastraError } from '../../contract/failures.ts';
import type { ImageStep } from '../../contract/images.ts';
import type { ProxySettings } from '../../contract/project.ts';
import type { Digest } from '../../contract/vocabulary.ts';
import type { ConnectionOptions } from './connection.ts';
import { AttemptFailure, DownloadError, networkFailure } from './downloadError.ts';
import { PartialFile } from './partialFile.ts';
import { redactUrl } from './redact.ts';
import { withRetries } from './retry.ts';
import { DOWNLOAD_TIMINGS, type DownloadTimings } from './timings.ts';
import { discard, type Transfer, transferOnce } from './transfer.ts';

export interface DownloadRequest {
  /** Mirrors in order; all promise the same bytes. */
  readonly urls: readonly string[];
  /** Of the bytes as they come over the wire. */
  readonly digest?: Digest;
  /** Expected size, when it is known in advance. */
  readonly bytes?: number;
  /**
   * File that the bytes are collected in, 0600; beside it `<partial>.json` says where they are from. Both are kept on
   * failure, unless the bytes are proven bad. Only one process may use them at a time.
   */
  readonly partial: string;
  readonly proxy?: ProxySettings;
  readonly timings?: Partial<DownloadTimings>;
}

export interface Downloaded {
  /** Where the bytes came from, without credentials. */
  readonly url: string;
  readonly bytes: number;
  readonly sha256: string;
  /** When the digest that was asked for is one. */
  readonly sha512?: string;
}

export interface DownloadRun {
  readonly report: (step: ImageStep) => void;
  readonly signal: AbortSignal;
}

/**
 * Downloads a file, resuming where an earlier attempt or process stopped; on the disk for good when it returns.
 * Throws DownloadError when no URL has it, and CastraError `cancelled`.
 */
export async function download(request: DownloadRequest, run: DownloadRun): Promise<Downloaded> {
  const { urls, partial, digest } = request;
  try {
    const file = await PartialFile.open(partial, digest?.algorithm === 'sha512', run.signal);
    try {
      return await fill(file, request, run);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (run.signal.aborted) throw new CastraError({ kind: 'cancelled' }, { cause: error });
    if (!(error instanceof AttemptFailure)) throw error;
    // The disk, not a mirror: it is not the server's fault, and no other mirror helps.
    throw new DownloadError([{ url: urls[0] ?? '', failure: error }]);
  }
}

async function fill(file: PartialFile, request: DownloadRequest, run: DownloadRun): Promise<Downloaded> {
  const { urls, bytes, digest } = request;
  const timings = { ...DOWNLOAD_TIMINGS, ...request.timings };
  const state = { replied: false };
  const transfer: Transfer = {
    file,
    expected: bytes,
    proven: digest !== undefined,
    progressMs: timings.progressMs,
    report: run.report,
    onReply: () => {
      state.replied = true;
    },
  };
  if (bytes !== undefined && file.size > bytes) {
    await discard(transfer, `it has ${file.size} bytes instead of the expected ${bytes}`);
  }
  if (digest !== undefined && file.size > 0 && file.size === bytes && isProven(file, digest)) {
    return finish(transfer, urls[0] ?? '', digest);
  }
  const failures: { url: string; failure: AttemptFailure }[] = [];
  for (const url of urls) {
    try {
      await downloadFrom(url, transfer, request, { timings, run, connected: () => state.replied });
      return await finish(transfer, url, digest);
    } catch (error) {
      const failure = asFailure(error);
      if (run.signal.aborted || failure.kind === 'disk') throw failure;
      failures.push({ url, failure });
    }
  }
  throw new DownloadError(failures);
}

interface Settings {
  readonly timings: DownloadTimings;
  readonly run: DownloadRun;
  readonly connected: () => boolean;
}

/** The whole file from one URL, and the right one. */
async function downloadFrom(url: string, transfer: Transfer, request: DownloadRequest, settings: Settings) {
  const { timings, run, connected } = settings;
  // Only now: who embeds the runtime and downloads nothing does not load undici.
  const { openConnection } = await import('./http.ts');
  const connection = openConnection(url, connectionOptions(request, timings, run.signal));
  const policy = {
    timings,
    signal: run.signal,
    progress: () => transfer.file.reached,
    connected,
    onRetry: ({ message }: AttemptFailure, delayMs: number) =>
      run.report({ type: 'image.retrying', url: redactUrl(url), reason: message, delayMs }),
  };
  const attempt = async () => {
    await transferOnce(transfer, url, connection);
    await verify(transfer, url, request.digest);
  };
  try {
    await withRetries(attempt, asFailure, policy);
  } finally {
    await connection.close();
  }
}

function connectionOptions(
  { urls, digest, proxy }: DownloadRequest,
  timings: DownloadTimings,
  signal: AbortSignal,
): ConnectionOptions {
  return {
    proxy,
    connectMs: Math.max(timings.connectMs / urls.length, Math.min(timings.connectFloorMs, timings.connectMs)),
    responseMs: timings.responseMs,
    stallMs: timings.stallMs,
    allowDowngrade: digest !== undefined,
    signal,
  };
}

export function asFailure(error: unknown): AttemptFailure {
  return error instanceof AttemptFailure ? error : networkFailure(error);
}

function isProven(file: PartialFile, { algorithm, hex }: Digest): boolean {
  return file.digests()[algorithm] === hex;
}

/** Deletes what is proven bad. When part of it was from elsewhere, that part may be the bad one: then once more. */
async function verify(transfer: Transfer, url: string, digest: Digest | undefined): Promise<void> {
  const { file } = transfer;
  if (digest === undefined || isProven(file, digest)) return;
  const actual = file.digests()[digest.algorithm] ?? '';
  const mixed = [...file.sources].some((source) => source !== url);
  const reason = `its ${digest.algorithm} is ${actual}, not the expected ${digest.hex}`;
  await discard(transfer, reason);
  throw new AttemptFailure('digest', `the file is not the expected one: ${reason}`, mixed ? 'later' : 'never');
}

async function finish({ file, report }: Transfer, url: string, digest: Digest | undefined): Promise<Downloaded> {
  await file.sync();
  if (digest !== undefined) {
    report({ type: 'image.verified', path: file.path, digest: `${digest.algorithm}:${digest.hex}` });
  }
  return { url: redactUrl(url), bytes: file.size, ...file.digests() };
}
