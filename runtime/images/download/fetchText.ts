import { CastraError } from '../../contract/failures.ts';
import type { ProxySettings } from '../../contract/project.ts';
import type { Connection } from './connection.ts';
import { asFailure } from './download.ts';
import { AttemptFailure, DownloadError } from './downloadError.ts';
import { contentLength, judgeReply } from './reply.ts';
import { withRetries } from './retry.ts';
import { DOWNLOAD_TIMINGS, type DownloadTimings } from './timings.ts';

/** Lists of checksums of whole distributions are some 100 KiB. */
const MAX_BYTES = 1024 * 1024;

export interface FetchTextOptions {
  readonly proxy?: ProxySettings;
  readonly signal: AbortSignal;
  readonly timings?: Partial<DownloadTimings>;
  /** For all attempts together; without it as long as they take. */
  readonly patienceMs?: number;
  readonly onRetry?: (reason: string, delayMs: number) => void;
}

/**
 * A small text file, at most 1 MiB; undefined when the server says 404 or 410. A redirect from https to http is
 * refused: what is in this file is what proves others. Throws as download does.
 */
export async function fetchText(url: string, options: FetchTextOptions): Promise<string | undefined> {
  const { proxy, patienceMs, onRetry } = options;
  const patience = patienceMs === undefined ? undefined : AbortSignal.timeout(patienceMs);
  const signal = patience ? AbortSignal.any([options.signal, patience]) : options.signal;
  const timings = { ...DOWNLOAD_TIMINGS, ...options.timings };
  let replied = false;
  try {
    const { openConnection } = await import('./http.ts');
    const connection = openConnection(url, { ...timings, proxy, allowDowngrade: false, signal });
    const attempt = () =>
      readText(connection, () => {
        replied = true;
      });
    const policy = {
      timings,
      signal,
      progress: () => 0,
      connected: () => replied,
      ...(patienceMs === undefined ? {} : { deadline: performance.now() + patienceMs }),
      onRetry: ({ message }: AttemptFailure, delayMs: number) => onRetry?.(message, delayMs),
    };
    return await withRetries(attempt, asFailure, policy).finally(connection.close);
  } catch (error) {
    if (options.signal.aborted) throw new CastraError({ kind: 'cancelled' }, { cause: error });
    const failure = patience?.aborted ? outOfPatience(patienceMs ?? 0) : asFailure(error);
    throw new DownloadError([{ url, failure }]);
  }
}

async function readText(connection: Connection, onReply: () => void): Promise<string | undefined> {
  const response = await connection.get({});
  onReply();
  if (response.status === 404 || response.status === 410) return undefined;
  judgeReply(response, 0);
  if ((contentLength(response) ?? 0) > MAX_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const outOfPatience = (ms: number): AttemptFailure =>
  new AttemptFailure('network', `the server did not send this file within ${ms / 1000} seconds`, 'later');

const tooLarge = (): AttemptFailure =>
  new AttemptFailure('size', `the text is larger than ${MAX_BYTES} bytes`, 'never');
