/** Milliseconds, if not said otherwise. */
export interface DownloadTimings {
  /** To connect, over all mirrors of the first round. Offline, a command must not keep a person waiting longer. */
  readonly connectMs: number;
  /** What each mirror gets of that at least: a handshake with TLS around the world takes about one second. */
  readonly connectFloorMs: number;
  /** From a connection to the reply's headers, redirects included: some mirrors fetch the file first. */
  readonly responseMs: number;
  /** Without a single byte: the connection is dead, and TCP alone would notice after 15 minutes (tcp(7)). */
  readonly stallMs: number;
  /** How often one URL is tried again without getting any further. */
  readonly retries: number;
  /** The first pause; each further one is twice as long, and each is shortened at random by up to a half. */
  readonly backoffMs: number;
  readonly backoffMaxMs: number;
  /** A server's Retry-After counts up to here. Longer ones mean "not today", and the next mirror may do better. */
  readonly retryAfterMaxMs: number;
  /** Between two `image.progress`: four a second look smooth and cost nothing. */
  readonly progressMs: number;
}

/**
 * For one file that may exist beside an image: all attempts together. Most do not exist and are answered in
 * milliseconds; a server that is too busy to say so must not keep a person waiting for minutes.
 */
export const CHECKSUM_PATIENCE_MS = 5_000;

export const DOWNLOAD_TIMINGS: DownloadTimings = {
  connectMs: 10_000,
  connectFloorMs: 3_000,
  responseMs: 30_000,
  stallMs: 30_000,
  retries: 4,
  backoffMs: 500,
  backoffMaxMs: 10_000,
  retryAfterMaxMs: 30_000,
  progressMs: 250,
};
