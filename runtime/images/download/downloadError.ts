import { STATUS_CODES } from 'node:http';
import { messageOf } from '../../contract/failures.ts';
import { redactUrl } from './redact.ts';

export type DownloadErrorKind = 'network' | 'http' | 'digest' | 'size' | 'disk';

/** Whether it helps to ask the same URL again. `if-connected`: only when something could be received before. */
export type RetryAdvice = 'never' | 'later' | 'if-connected';

/** Why one attempt failed; `reason` is a clause without a full stop that names no URL. */
export class AttemptFailure extends Error {
  readonly kind: DownloadErrorKind;
  readonly advice: RetryAdvice;
  /** What the server asks to wait. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: DownloadErrorKind,
    reason: string,
    advice: RetryAdvice,
    extra: { retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(reason, { cause: extra.cause });
    this.kind = kind;
    this.advice = advice;
    this.retryAfterMs = extra.retryAfterMs;
  }
}

export interface FailedUrl {
  readonly url: string;
  readonly kind: DownloadErrorKind;
  readonly reason: string;
}

/** All that was tried has failed. The message has one sentence per URL, without credentials. */
export class DownloadError extends Error {
  readonly kind: DownloadErrorKind;
  /** Asking again later may help. */
  readonly isPassing: boolean;
  readonly attempts: readonly FailedUrl[];

  constructor(failures: readonly { readonly url: string; readonly failure: AttemptFailure }[]) {
    const attempts = failures.map(({ url, failure }) => ({
      url: redactUrl(url),
      kind: failure.kind,
      reason: failure.message,
    }));
    super(attempts.map(({ url, reason }) => `${url}: ${reason}.`).join('\n'), { cause: failures.at(-1)?.failure });
    this.name = 'DownloadError';
    this.attempts = attempts;
    this.isPassing = failures.some(({ failure }) => failure.advice !== 'never');
    this.kind = TELLING.find((kind) => attempts.some((attempt) => attempt.kind === kind)) ?? 'network';
  }
}

/** Of several mirrors' failures, the one that says most: a wrong file is worse news than a server that is down. */
const TELLING: readonly DownloadErrorKind[] = ['disk', 'digest', 'size', 'http', 'network'];

/** Statuses that pass: RFC 9110 15.5.9 (408), RFC 8470 (425), RFC 6585 (429), and all of the server's own errors. */
const PASSING = new Set([408, 425, 429]);

export function statusFailure(status: number, retryAfterMs?: number): AttemptFailure {
  const said = `${status} ${STATUS_CODES[status] ?? ''}`.trim();
  if (status >= 300 && status < 400) {
    return new AttemptFailure('http', `the server redirects too often, or without a target (${said})`, 'never');
  }
  if (status === 407) return new AttemptFailure('http', `the proxy rejects the credentials (${said})`, 'never');
  const advice = PASSING.has(status) || status >= 500 ? 'later' : 'never';
  return new AttemptFailure('http', `the server answers ${said}`, advice, { retryAfterMs });
}

export function diskFailure(path: string, error: unknown): AttemptFailure {
  const full = codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT';
  const reason = full
    ? `no space is left on the disk of ${path}; free some space and try again to resume the download`
    : `cannot write ${path}: ${messageOf(error)}`;
  return new AttemptFailure('disk', reason, 'never', { cause: error });
}

/** A clause for each way in which no connection comes about; all of them mean that asking again at once is useless. */
const UNCONNECTED: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its host name is not known (is this computer online?)',
  EAI_AGAIN: 'its host name cannot be looked up (is this computer online?)',
  ECONNREFUSED: 'the connection was refused',
  EHOSTUNREACH: 'its host cannot be reached',
  ENETUNREACH: 'its network cannot be reached (is this computer online?)',
  ENETDOWN: 'the network is down',
  EADDRNOTAVAIL: 'its address cannot be reached from here',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
};

const BROKEN_OFF: Readonly<Record<string, string>> = {
  UND_ERR_BODY_TIMEOUT: 'the server stopped sending data',
  UND_ERR_SOCKET: 'the connection was interrupted',
  ECONNRESET: 'the connection was interrupted',
  EPIPE: 'the connection was interrupted',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the reply was shorter or longer than the server had announced',
};

/** From whatever undici, the sockets below it or TLS throw. */
export function networkFailure(error: unknown): AttemptFailure {
  const tunnel = /^Proxy response \((\d+)\)/.exec(messageOf(error))?.[1];
  if (tunnel !== undefined) return tunnelFailure(Number(tunnel));
  if (/Proxy Authentication Required/.test(messageOf(error))) return statusFailure(407);
  const code = codeOf(error);
  const unconnected = UNCONNECTED[code];
  if (unconnected !== undefined) return new AttemptFailure('network', unconnected, 'if-connected', { cause: error });
  const detail = BROKEN_OFF[code] ?? (messageOf(error) || code || 'the connection failed');
  return new AttemptFailure('network', detail, isLasting(code) ? 'never' : 'later', { cause: error });
}

function tunnelFailure(status: number): AttemptFailure {
  if (status === 407) return statusFailure(407);
  const advice = status >= 500 ? 'if-connected' : 'never';
  return new AttemptFailure('http', `the proxy refuses to connect (${status} ${STATUS_CODES[status] ?? ''})`, advice);
}

/** A certificate stays wrong, and so do a URL and a reply that undici refuses. */
function isLasting(code: string): boolean {
  return (
    /CERT|SIGNATURE|ISSUER|^ERR_(?:TLS|SSL|INVALID)/.test(code) || /^UND_ERR_(?:INVALID_ARG|PRX_TLS|NOT_SUP)/.test(code)
  );
}

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
