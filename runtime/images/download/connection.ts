import type { IncomingHttpHeaders } from 'node:http';
import type { ProxySettings } from '../../contract/project.ts';

export interface ConnectionOptions {
  readonly proxy?: ProxySettings | undefined;
  readonly connectMs: number;
  readonly responseMs: number;
  readonly stallMs: number;
  /** A redirect from https to http is followed only when a digest proves the bytes anyway. */
  readonly allowDowngrade: boolean;
  readonly signal: AbortSignal;
}

/** Connections for one URL; kept between its attempts. */
export interface Connection {
  get(headers: Readonly<Record<string, string>>): Promise<Response>;
  close(): Promise<void>;
}

export interface Response {
  readonly status: number;
  /** Of what answered, after all redirects. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncIterable<Buffer>;
}

/** The header of one reply only; undefined when it is missing. */
export function headerOf(response: Response, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
