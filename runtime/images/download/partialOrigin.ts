import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { type Guard, number, object, optional, text } from '../../state/decode.ts';
import { readJsonIfAny, writeFileAtomic } from '../../state/files.ts';
import { headerOf, type Response } from './connection.ts';
import { diskFailure } from './downloadError.ts';

/** What a server said about the file that a partial is the beginning of: `<partial>.json`. */
export interface Origin {
  /** SHA-256 of the URL: URLs may have credentials in them. */
  readonly source: string;
  /** For If-Range: a strong ETag, or a Last-Modified that is as good as one. */
  readonly validator?: string;
  /** Bytes of the whole file. */
  readonly total?: number;
}

const originPath = (partial: string): string => `${partial}.json`;

export const sourceOf = (url: string): string => createHash('sha256').update(url).digest('hex');

/** Undefined when there is none, or it is damaged: then the beginning of the file is of an unknown origin. */
export function readOrigin(partial: string): Origin | undefined {
  const value = readJsonIfAny(originPath(partial));
  return isOrigin(value) ? value : undefined;
}

/** It is sent in a header: a line break in it would begin another one. */
const validatorText: Guard<string> = (value): value is string => text(value) && !/[\r\n]/.test(value);
const isOrigin = object<Origin>({ source: text, validator: optional(validatorText), total: optional(number) });

export function rememberOrigin(partial: string, origin: Origin): void {
  try {
    writeFileAtomic(originPath(partial), JSON.stringify(origin));
  } catch (error) {
    throw diskFailure(originPath(partial), error);
  }
}

/** For who empties or removes the partial; also for who renames it once it is whole. */
export function forgetOrigin(partial: string): void {
  rmSync(originPath(partial), { force: true });
}

/**
 * RFC 9110 13.1.5: If-Range takes strong validators only. A weak ETag is none, and a date is one when it is older than
 * the reply by at least a second (8.8.2.2).
 */
export function validatorOf(response: Response): string | undefined {
  const etag = headerOf(response, 'etag');
  if (etag !== undefined) return etag.startsWith('"') ? etag : undefined;
  const modified = headerOf(response, 'last-modified');
  const date = headerOf(response, 'date');
  if (modified === undefined || date === undefined) return undefined;
  return Date.parse(date) - Date.parse(modified) >= 1000 ? modified : undefined;
}
