import { connect } from 'node:net';

/** Long enough for a guest under emulation to answer. */
const ANSWER_MS = 3000;
/** HTTP/1.1 wants a Host; servers that speak TLS answer it with an alert (RFC 8446, 6: type 21), or in plain words. */
const QUESTION = 'HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
const TLS_ALERT = 21;

/** Whether what listens on a port of this host speaks HTTP: it is asked for the head of its first page. */
export function protocolOf(port: number): Promise<'http' | 'https' | undefined> {
  return new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port });
    const answer = (protocol?: 'http' | 'https') => {
      socket.destroy();
      done(protocol);
    };
    socket.setTimeout(ANSWER_MS, () => answer());
    socket.once('connect', () => socket.write(QUESTION));
    socket.once('error', () => answer());
    socket.once('close', () => answer());
    socket.once('data', (bytes) => {
      const text = bytes.toString('latin1');
      if (bytes[0] === TLS_ALERT || /HTTP request to an? HTTPS|plain HTTP request/i.test(text)) return answer('https');
      answer(text.startsWith('HTTP/') ? 'http' : undefined);
    });
  });
}
