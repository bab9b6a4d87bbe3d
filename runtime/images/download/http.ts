import { type Dispatcher, EnvHttpProxyAgent, interceptors, request } from 'undici';
import type { Connection, ConnectionOptions, Response } from './connection.ts';
import { AttemptFailure } from './downloadError.ts';

/** What browsers allow is 20; mirrors need two or three. */
const MAX_REDIRECTIONS = 10;
/** Node gives an address 250 ms before it tries the next one, which is too short for far hosts. */
const ADDRESS_ATTEMPT_MS = 1_000;

/** Refuses what is not an http(s) URL; connects only once something is asked for. */
export function openConnection(text: string, options: ConnectionOptions): Connection {
  const url = parseHttpUrl(text);
  let reached = plainUrl(url).href;
  const dispatcher = makeDispatcher(options).compose(
    noteUrl((visited) => {
      reached = visited;
    }),
    ...(url.protocol === 'https:' && !options.allowDowngrade ? [refuseDowngrade] : []),
    interceptors.redirect({ maxRedirections: MAX_REDIRECTIONS }),
  );
  let attempt = new AbortController();
  return {
    async get(headers) {
      // A reply that was not read to its end, such as the page of an error, must not keep its socket.
      attempt.abort();
      attempt = new AbortController();
      const response = await get(dispatcher, url, headers, attempt, options);
      return { ...response, url: reached };
    },
    // Not close(): that would wait for a body that is never read.
    close: () => dispatcher.destroy(),
  };
}

function parseHttpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new AttemptFailure('http', 'this is not an http or https URL', 'never');
}

/** Everything is passed, even when it is empty: undici would look into this process's environment for what is not. */
function makeDispatcher({ proxy, connectMs }: ConnectionOptions): Dispatcher {
  const connect = { timeout: connectMs, autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_MS };
  const options = {
    httpProxy: proxyUrl(proxy?.http),
    httpsProxy: proxyUrl(proxy?.https),
    noProxy: proxy?.none ?? '',
    // Proxies commonly allow CONNECT for port 443 only; http goes through them with absolute URIs.
    proxyTunnel: false,
    connect,
    proxyTls: connect,
    requestTls: connect,
  };
  try {
    return new EnvHttpProxyAgent(options);
  } catch {
    // The error may quote the setting, which may have a password in it.
    throw new AttemptFailure('network', 'the proxy setting is not a URL; check HTTP_PROXY and HTTPS_PROXY', 'never');
  }
}

/** As curl does: a proxy without a scheme is an http one. */
function proxyUrl(setting = ''): string {
  return setting === '' || /^[a-z][a-z\d+.-]*:\/\//i.test(setting) ? setting : `http://${setting}`;
}

const refuseDowngrade: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
  if (!String(options.origin).startsWith('http:')) return dispatch(options, handler);
  const reason = 'it redirects from https to http, which Castra follows only with a checksum';
  // Not thrown: the redirect comes out of undici's parser, which does not expect that.
  queueMicrotask(() => handler.onResponseError?.(NO_CONTROLLER, new AttemptFailure('http', reason, 'never')));
  return true;
};

/** Called for every hop of a redirect. */
const noteUrl =
  (note: (url: string) => void): Dispatcher.DispatcherComposeInterceptor =>
  (dispatch) =>
  (options, handler) => {
    note(`${options.origin}${options.path}`);
    return dispatch(options, handler);
  };

/** For a request that was never made; undici's handlers look only at the error. */
const NO_CONTROLLER: Dispatcher.DispatchController = {
  aborted: true,
  paused: false,
  reason: null,
  abort: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
};

/**
 * One timer from here to the headers instead of undici's headersTimeout: that one does not cover what a proxy takes to
 * answer CONNECT, and starts again with each redirect.
 */
async function get(
  dispatcher: Dispatcher,
  url: URL,
  headers: Readonly<Record<string, string>>,
  attempt: AbortController,
  options: ConnectionOptions,
): Promise<Omit<Response, 'url'>> {
  const giveUp = setTimeout(() => {
    attempt.abort(new AttemptFailure('network', 'the server did not answer in time', 'later'));
  }, options.connectMs + options.responseMs);
  try {
    const {
      statusCode,
      headers: received,
      body,
    } = await request(plainUrl(url), {
      dispatcher,
      signal: AbortSignal.any([options.signal, attempt.signal]),
      headers: { 'accept-encoding': 'identity', 'user-agent': USER_AGENT, ...authorization(url), ...headers },
      headersTimeout: 0,
      bodyTimeout: options.stallMs,
    });
    // A body that is given up unread ends with an error that no caller handles.
    body.on('error', () => undefined);
    return { status: statusCode, headers: received, body };
  } finally {
    clearTimeout(giveUp);
  }
}

const USER_AGENT = `castra/${CASTRA_VERSION}`;

function plainUrl(url: URL): URL {
  const plain = new URL(url);
  plain.username = '';
  plain.password = '';
  return plain;
}

/** undici's redirects take this header away when they leave the origin. */
function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const pair = `${decode(username)}:${decode(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AttemptFailure('http', 'write the % in the user name or password of its URL as %25', 'never');
  }
}
