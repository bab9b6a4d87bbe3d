import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DownloadError, networkFailure, statusFailure } from '../../../../runtime/images/download/downloadError.ts';
import { redactUrl } from '../../../../runtime/images/download/redact.ts';
import { parseContentRange } from '../../../../runtime/images/download/reply.ts';
import { parseRetryAfter, retryDelay } from '../../../../runtime/images/download/retry.ts';
import { DOWNLOAD_TIMINGS } from '../../../../runtime/images/download/timings.ts';

test('credentials in a URL are not shown, and everything else is', () => {
  const shown = [
    ['https://me:hunter2@example.org/a?b=c', 'https://***@example.org/a?b=c'],
    ['https://me@example.org', 'https://***@example.org'],
    ['https://a@b:c@example.org/x@y', 'https://***@example.org/x@y'],
    ['https://example.org/a@b?arch=x86', 'https://example.org/a@b?arch=x86'],
    ['https://e.org/a?v=1&X-Amz-Signature=abc&sig=d#e', 'https://e.org/a?v=1&X-Amz-Signature=***&sig=***#e'],
    ['no URL', 'no URL'],
  ] as const;
  for (const [url, expected] of shown) assert.equal(redactUrl(url), expected);
});

test('a download error names no credentials', () => {
  const error = new DownloadError([{ url: 'https://me:hunter2@example.org/a', failure: statusFailure(404) }]);
  assert.equal(error.message, 'https://***@example.org/a: the server answers 404 Not Found.');
  assert.doesNotMatch(JSON.stringify(error.attempts), /hunter2/);
});

test('Content-Range is read as RFC 9110 has it, and nothing else is taken for one', () => {
  assert.deepEqual(parseContentRange('bytes 5-9/10'), { start: 5, total: 10 });
  assert.deepEqual(parseContentRange('bytes 5-9/*'), { start: 5 });
  assert.deepEqual(parseContentRange('bytes */10'), { total: 10 });
  for (const bad of [undefined, '', 'bytes 5-/10', 'items 5-9/10', 'bytes 5-9/10, 11-12/13', 'bytes -5-9/10']) {
    assert.equal(parseContentRange(bad), undefined, bad);
  }
});

test('Retry-After is a number of seconds or a date; the past means now', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  assert.equal(parseRetryAfter('120', now), 120_000);
  assert.equal(parseRetryAfter('Thu, 01 Jan 2026 00:00:05 GMT', now), 5_000);
  assert.equal(parseRetryAfter('Thu, 01 Jan 2015 00:00:05 GMT', now), 0);
  for (const bad of [undefined, 'soon', '1e9999x']) assert.equal(parseRetryAfter(bad, now), undefined, bad);
});

test('pauses double up to their limit, less up to a half, and never exceed the limit of Retry-After', () => {
  const timings = { ...DOWNLOAD_TIMINGS, backoffMs: 100, backoffMaxMs: 1000, retryAfterMaxMs: 3000 };
  const delays = (random: number) =>
    [1, 2, 3, 4, 5].map((retry) => retryDelay(retry, undefined, timings, () => random));
  assert.deepEqual(delays(0), [100, 200, 400, 800, 1000]);
  assert.deepEqual(delays(1), [50, 100, 200, 400, 500]);
  assert.equal(retryDelay(1, 2000, timings), 2000);
  assert.equal(retryDelay(1, 99_000, timings), 3000);
  assert.equal(
    retryDelay(5, 10, timings, () => 0),
    1000,
  );
});

test('what cannot get better is not tried again', () => {
  const failure = (code: string) => networkFailure(Object.assign(new Error('what the library says'), { code }));
  for (const code of ['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE']) {
    assert.equal(failure(code).advice, 'never', code);
  }
  for (const code of ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']) {
    assert.equal(failure(code).advice, 'if-connected', code);
  }
  for (const code of ['ECONNRESET', 'UND_ERR_SOCKET', 'UND_ERR_BODY_TIMEOUT']) {
    assert.equal(failure(code).advice, 'later', code);
  }
});
