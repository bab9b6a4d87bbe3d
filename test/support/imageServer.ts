import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What the server does with a path instead of just serving its file. All may be combined where that makes sense. */
export interface Behaviour {
  /** Only for the next so many requests; for all when missing. Then the path is served normally. */
  readonly times?: number;
  /** Answers this instead of the file. */
  readonly status?: number;
  readonly redirectTo?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  /** Cuts the connection after so many bytes of the body. */
  readonly dropAfter?: number;
  /** Sends so many bytes of the body and then nothing more; the connection stays open. 0: not even headers. */
  readonly stallAfter?: number;
  /** Ends the reply in order after so many bytes, as if that were all; without Content-Length. */
  readonly truncateTo?: number;
  /** Flips every bit of the byte at this offset of the file. */
  readonly corruptAt?: number;
  /** Ignores Range: always 200 and the whole file. */
  readonly refuseRange?: boolean;
  /** Answers every Range with 416. */
  readonly unsatisfiable?: boolean;
  /** Sends `chunk` bytes each `everyMs`. */
  readonly trickle?: { readonly chunk: number; readonly everyMs: number };
  /** Without Content-Length. */
  readonly chunked?: boolean;
}

export interface LoggedRequest {
  readonly path: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly headers: IncomingMessage['headers'];
  /** What was answered; 0 when the connection was cut or stalled before. */
  status: number;
}

export interface ImageServerOptions {
  readonly files: Readonly<Record<string, Buffer>>;
  readonly behaviours?: Readonly<Record<string, Behaviour>>;
  /** Serves https. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer };
}

export interface ImageServer {
  /** Without a slash at its end. */
  readonly origin: string;
  readonly port: number;
  readonly requests: LoggedRequest[];
  /** Behaviours of a path, one after the other when they have `times`; an empty call makes it behave again. */
  behave(path: string, ...behaviours: readonly Behaviour[]): void;
  /** Replaces a file; its ETag changes with it. */
  put(path: string, content: Buffer): void;
  close(): Promise<void>;
}

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

const etagOf = (content: Buffer): string => `"${sha256(content).slice(0, 16)}"`;

/** A real HTTP server on loopback that knows ranges, and misbehaves on request. */
export async function startImageServer(options: ImageServerOptions): Promise<ImageServer> {
  const files = new Map(Object.entries(options.files));
  const behaviours = new Map(Object.entries(options.behaviours ?? {}).map(([path, one]) => [path, [{ ...one }]]));
  const requests: LoggedRequest[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '/';
    const { range, 'if-range': ifRange } = request.headers;
    const logged: LoggedRequest = {
      path,
      range,
      ifRange: ifRange as string | undefined,
      headers: request.headers,
      status: 0,
    };
    requests.push(logged);
    serve(logged, response, files.get(path), nextBehaviour(behaviours.get(path))).catch(() => response.destroy());
  };
  const server = options.tls ? createTlsServer(options.tls, answer) : createServer(answer);
  const port = await listen(server);
  return {
    origin: `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    requests,
    behave: (path, ...list) =>
      behaviours.set(
        path,
        list.map((one) => ({ ...one })),
      ),
    put: (path, content) => files.set(path, content),
    close: () => closeServer(server),
  };
}

/** Listens on a free port of loopback. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

function nextBehaviour(queue: { times?: number }[] | undefined): Behaviour {
  const behaviour = queue?.[0];
  if (behaviour?.times === undefined) return behaviour ?? {};
  behaviour.times--;
  if (behaviour.times === 0) queue?.shift();
  return behaviour;
}

interface Part {
  readonly status: number;
  readonly start: number;
  readonly headers: Record<string, string | number>;
}

/** RFC 9110 14.2: a Range counts when If-Range still names what is here. */
function selectPart(request: LoggedRequest, content: Buffer, behaviour: Behaviour): Part {
  const etag = String(behaviour.headers?.etag ?? etagOf(content));
  const start = Number(/^bytes=(\d+)-$/.exec(request.range ?? '')?.[1] ?? 0);
  const fresh = request.ifRange === undefined || request.ifRange === etag;
  if (request.range === undefined || !fresh || behaviour.refuseRange) {
    return { status: 200, start: 0, headers: { etag, 'content-length': content.length } };
  }
  if (behaviour.unsatisfiable || start >= content.length) {
    return { status: 416, start: content.length, headers: { 'content-range': `bytes */${content.length}` } };
  }
  const range = `bytes ${start}-${content.length - 1}/${content.length}`;
  return { status: 206, start, headers: { etag, 'content-range': range, 'content-length': content.length - start } };
}

async function serve(
  request: LoggedRequest,
  response: ServerResponse,
  file: Buffer | undefined,
  behaviour: Behaviour,
): Promise<void> {
  if (behaviour.stallAfter === 0) return;
  if (behaviour.dropAfter === 0) return void response.destroy();
  const status = behaviour.redirectTo === undefined ? (behaviour.status ?? (file ? undefined : 404)) : 302;
  if (file === undefined || status !== undefined) {
    request.status = status ?? 404;
    const location = behaviour.redirectTo === undefined ? {} : { location: behaviour.redirectTo };
    response.writeHead(request.status, { ...location, ...behaviour.headers }).end();
    return;
  }
  const part = selectPart(request, file, behaviour);
  request.status = part.status;
  const headers = { ...part.headers, ...behaviour.headers };
  if (behaviour.chunked || behaviour.truncateTo !== undefined) delete headers['content-length'];
  // A reply that says more or less than it holds is the point of some tests.
  response.strictContentLength = false;
  response.writeHead(part.status, headers);
  await sendBody(response, corrupt(file, behaviour.corruptAt).subarray(part.start), behaviour);
}

function corrupt(content: Buffer, offset: number | undefined): Buffer {
  if (offset === undefined) return content;
  const copy = Buffer.from(content);
  copy[offset] = (copy[offset] ?? 0) ^ 0xff;
  return copy;
}

async function sendBody(response: ServerResponse, body: Buffer, behaviour: Behaviour): Promise<void> {
  const { dropAfter, stallAfter, truncateTo, trickle } = behaviour;
  const limit = dropAfter ?? stallAfter ?? truncateTo ?? body.length;
  await sendBytes(response, body.subarray(0, limit), trickle);
  if (stallAfter !== undefined) return;
  if (dropAfter === undefined) return void response.end();
  response.destroy();
}

async function sendBytes(response: ServerResponse, bytes: Buffer, trickle: Behaviour['trickle']): Promise<void> {
  const step = trickle?.chunk ?? 64 * 1024;
  for (let at = 0; at < bytes.length && !response.destroyed; at += step) {
    await new Promise<void>((done) => response.write(bytes.subarray(at, at + step), () => done()));
    if (trickle) await delay(trickle.everyMs);
  }
}
