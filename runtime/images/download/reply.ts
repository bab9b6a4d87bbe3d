import { headerOf, type Response } from './connection.ts';
import { AttemptFailure, statusFailure } from './downloadError.ts';
import { parseRetryAfter } from './retry.ts';

/** What a reply to a request for a file, or for the rest of it, means. */
export type Reply =
  /** The body is the whole file. */
  | { readonly kind: 'whole'; readonly total?: number }
  /** The body continues what is there. */
  | { readonly kind: 'rest'; readonly total?: number }
  /** There is nothing behind what is there. */
  | { readonly kind: 'complete'; readonly total: number }
  /** What is there does not fit what the server has. */
  | { readonly kind: 'unfit'; readonly reason: string };

/**
 * `have`: where the range that was asked for begins; 0 when none was. `expected`: bytes of the whole file, if known.
 * Throws AttemptFailure for what is not a file.
 */
export function judgeReply(response: Response, have: number, expected?: number): Reply {
  const range = parseContentRange(headerOf(response, 'content-range'));
  if (response.status === 416 && have > 0) {
    // Not every server sends the size with a 416.
    if ((range?.total ?? expected) === have) return { kind: 'complete', total: have };
    return { kind: 'unfit', reason: 'the server has no data after this point' };
  }
  if (response.status !== 200 && response.status !== 206) {
    throw statusFailure(response.status, parseRetryAfter(headerOf(response, 'retry-after')));
  }
  refuseEncoding(response);
  if (response.status === 200) return { kind: 'whole', ...withTotal(contentLength(response)) };
  if (have === 0) throw new AttemptFailure('http', 'the server sends only a part of the file, unrequested', 'never');
  if (range?.start !== have) return { kind: 'unfit', reason: 'the server sent a different part than requested' };
  return { kind: 'rest', ...withTotal(range.total) };
}

/** accept-encoding said identity: bytes that are packed on the way are not those that the digest is of. */
function refuseEncoding(response: Response): void {
  const encoding = headerOf(response, 'content-encoding') ?? 'identity';
  if (encoding === 'identity') return;
  throw new AttemptFailure('http', `the server compresses the file (${encoding}) against the request`, 'never');
}

export function contentLength(response: Response): number | undefined {
  const text = headerOf(response, 'content-length');
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

interface ContentRange {
  readonly start?: number;
  readonly total?: number;
}

/** RFC 9110 14.4: `bytes 5-9/10`, `bytes 5-9/*`, and for 416 `bytes *\/10`. */
export function parseContentRange(value: string | undefined): ContentRange | undefined {
  const match = /^bytes\s+(?:(\d{1,15})-\d{1,15}|\*)\/(\d{1,15}|\*)$/i.exec(value?.trim() ?? '');
  if (match === null) return undefined;
  const [, start, total] = match;
  return {
    ...(start === undefined ? {} : { start: Number(start) }),
    ...withTotal(total === undefined || total === '*' ? undefined : Number(total)),
  };
}

const withTotal = (total: number | undefined): { readonly total?: number } => (total === undefined ? {} : { total });
