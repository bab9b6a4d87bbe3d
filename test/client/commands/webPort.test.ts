import assert from 'node:assert/strict';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { test } from 'node:test';
import { protocolOf } from '../../../client/commands/webPort.ts';

async function ask(server: Server): Promise<'http' | 'https' | undefined> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    return await protocolOf((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

test('a web server is told from a database, a banner and a server that speaks TLS', async () => {
  assert.equal(await ask(createHttp((_request, response) => response.end('x'))), 'http');
  assert.equal(await ask(createServer((socket) => void socket.end('SSH-2.0-x\r\n'))), undefined);
  assert.equal(await ask(createServer((socket) => void socket.destroy())), undefined);
  const alert = Buffer.from([21, 3, 1, 0, 2, 2, 70]);
  const tls = createServer((socket) => void socket.once('data', () => socket.end(alert)));
  assert.equal(await ask(tls), 'https');
});

test('a port on which nothing listens is no page', async () => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  assert.equal(await protocolOf(port), undefined);
});
