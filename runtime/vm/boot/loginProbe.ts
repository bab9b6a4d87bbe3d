import type { Socket } from 'node:net';

/** What became of logging in over one connection. All but `in` may change while the guest starts. */
export type LoginAttempt =
  | { readonly kind: 'in'; readonly evidence: string }
  /** No SSH server answered, or it ended the connection. */
  | { readonly kind: 'no-server'; readonly why: string }
  /** Its host key is not the one that Castra made. */
  | { readonly kind: 'stranger'; readonly why: string }
  /** It does not take the project's key. */
  | { readonly kind: 'denied'; readonly why: string };

/** Logs in over a connection that the guest took, and closes it. Never rejects. */
export type LoginProbe = (socket: Socket, signal: AbortSignal) => Promise<LoginAttempt>;

/** Only the server's first line: for guests that have not got the project's key (`ready = "banner"`). */
export const readBanner: LoginProbe = (socket, signal) =>
  new Promise((done) => {
    let text = '';
    const finish = (attempt: LoginAttempt) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      socket.destroy();
      done(attempt);
    };
    const stop = () => finish({ kind: 'no-server', why: 'it says nothing' });
    const timer = setTimeout(stop, BANNER_TIMEOUT_MS);
    signal.addEventListener('abort', stop, { once: true });
    socket.on('error', () => undefined);
    socket.once('close', () => finish({ kind: 'no-server', why: 'it closed the connection' }));
    socket.setEncoding('latin1').on('data', (chunk) => {
      text = (text + String(chunk)).slice(0, MAX_PREAMBLE);
      // RFC 4253, 4.2: a server may send other lines first.
      const banner = /^(SSH-[^\r\n]*)\r?\n/m.exec(text)?.[1];
      if (banner !== undefined) finish({ kind: 'in', evidence: banner });
    });
  });

/** A server that was taken while the guest starts may speak late; closing it early counts against us there. */
const BANNER_TIMEOUT_MS = 30_000;
/** A banner has at most 255 bytes; what sends pages of text is another server. */
const MAX_PREAMBLE = 16 * 1024;
