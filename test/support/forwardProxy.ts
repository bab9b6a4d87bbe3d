import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { closeServer, listen } from './imageServer.ts';

export interface ForwardProxy {
  /** With the credentials that it wants, if it wants any. */
  readonly url: string;
  /** `CONNECT host:port` and `GET http://…`, in order. */
  readonly requests: string[];
  close(): Promise<void>;
}

/** A small forward proxy on loopback: tunnels with CONNECT, and http with absolute URIs (RFC 9112 3.2.2). */
export async function startForwardProxy(credentials?: { user: string; password: string }): Promise<ForwardProxy> {
  const requests: string[] = [];
  const tunnels = new Set<Socket>();
  const wanted =
    credentials && `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`;
  const isWelcome = ({ headers }: IncomingMessage) => wanted === undefined || headers['proxy-authorization'] === wanted;

  const server = createServer((incoming, outgoing) => {
    requests.push(`${incoming.method} ${incoming.url}`);
    if (isWelcome(incoming)) forward(incoming, outgoing);
    else outgoing.writeHead(407, { 'proxy-authenticate': 'Basic' }).end();
  });
  server.on('connect', (incoming: IncomingMessage, client: Socket) => {
    requests.push(`CONNECT ${incoming.url}`);
    if (!isWelcome(incoming)) return client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    const { hostname, port } = new URL(`http://${incoming.url}`);
    const target = connect(Number(port || 80), hostname, () =>
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n'),
    );
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      tunnels.add(from);
      from.on('error', () => to.destroy()).pipe(to);
    }
  });
  const port = await listen(server);
  const user = credentials ? `${credentials.user}:${credentials.password}@` : '';
  return {
    url: `http://${user}127.0.0.1:${port}`,
    requests,
    close() {
      for (const socket of tunnels) socket.destroy();
      return closeServer(server);
    },
  };
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { 'proxy-authorization': _credentials, ...headers } = incoming.headers;
  const passed = request(incoming.url ?? '', { method: incoming.method, headers }, (reply) => {
    outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(outgoing);
  });
  passed.on('error', () => outgoing.destroy());
  passed.end();
}
