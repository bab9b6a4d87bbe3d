import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import ssh2 from 'ssh2';
import { CastraError } from '../../../runtime/contract/failures.ts';
import { connectSsh } from '../../../runtime/ssh/connect.ts';
import { parsePublicKey } from '../../../runtime/ssh/sshConfig.ts';
import type { SshTarget } from '../../../runtime/ssh/target.ts';
import { type TempFolder, tempFolder } from '../../support/tempProject.ts';

const never = new AbortController().signal;

describe('logging in', () => {
  let folder: TempFolder;
  const key = (name: string) => join(folder.path, name);
  const publicKey = (name: string) => parsePublicKey(readFileSync(`${key(name)}.pub`, 'utf8')) ?? '';
  before(() => {
    folder = tempFolder();
    for (const name of ['host', 'other', 'id']) {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'x', '-f', key(name)]);
    }
  });
  after(() => folder.dispose());

  const target = (port: number, change: Partial<SshTarget> = {}): SshTarget => ({
    vm: 'web',
    host: 'castra-p-web',
    port,
    user: 'root',
    identity: key('id'),
    hostKey: publicKey('host'),
    ...change,
  });

  /** A real SSH server; it lets everybody in or nobody, and counts who got as far as to ask. */
  async function withSshServer(
    lets: boolean,
    body: (port: number, asked: () => number) => Promise<void>,
  ): Promise<void> {
    let asked = 0;
    const server = new ssh2.Server({ hostKeys: [readFileSync(key('host'))] }, (client) => {
      client.on('error', () => undefined);
      client.on('authentication', (context) => {
        asked += 1;
        if (lets) context.accept();
        else context.reject();
      });
    });
    await listen(server as unknown as Server);
    try {
      await body((server.address() as AddressInfo).port, () => asked);
    } finally {
      await new Promise((done) => server.close(done));
    }
  }

  async function withServer(onSocket: (socket: Socket) => void, body: (port: number) => Promise<void>): Promise<void> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      onSocket(socket);
    });
    await listen(server);
    try {
      await body((server.address() as AddressInfo).port);
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    }
  }

  test('works with the right keys', () =>
    withSshServer(true, async (port, asked) => {
      const client = await connectSsh(target(port), never);
      client.end();
      assert.ok(asked() > 0);
    }));

  test('a host key that is not the one Castra made is refused before anything is sent', () =>
    withSshServer(true, async (port, asked) => {
      const other = connectSsh(target(port, { hostKey: publicKey('other') }), never);
      await fails(other, 'host-key-mismatch', /^web did not prove its identity: .*does not have the host key/);
      const { hostKey, ...without } = target(port);
      await fails(connectSsh(without, never), 'host-key-mismatch', /has no host key for it/);
      assert.equal(asked(), 0, String(hostKey));
    }));

  test('a guest that does not know our key is told from one that does not answer', () =>
    withSshServer(false, (port) => fails(connectSsh(target(port), never), 'ssh-failed', /rejects the key.*ssh_user/)));

  test('a server that closes, talks nonsense or is not there is told, with what to look at', async () => {
    await withServer(
      (socket) => socket.end(),
      (port) => fails(connectSsh(target(port), never), 'ssh-failed', /castra status/),
    );
    await withServer(
      (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
      (port) => fails(connectSsh(target(port), never), 'ssh-failed', /castra status/),
    );
    let free = 0;
    await withServer(
      () => undefined,
      async (port) => {
        free = port;
      },
    );
    await fails(connectSsh(target(free), never), 'ssh-failed', /castra status/);
  });

  test('a server that says nothing is given up, and sooner when it is cancelled', () =>
    withServer(
      () => undefined,
      async (port) => {
        await fails(connectSsh(target(port), never, 100), 'ssh-failed', /Timed out/);
        const cancel = new AbortController();
        const connecting = connectSsh(target(port), cancel.signal);
        setTimeout(() => cancel.abort(), 50);
        await fails(connecting, 'cancelled', /Cancelled/);
      },
    ));

  test('a key of the project that is gone is named', () =>
    fails(connectSsh(target(1, { identity: key('none') }), never), 'ssh-failed', /the key .*none cannot be read/));
});

function listen(server: Server): Promise<void> {
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done()));
}

async function fails(attempt: Promise<unknown>, kind: string, message: RegExp): Promise<void> {
  await assert.rejects(attempt, (error) => {
    assert.ok(error instanceof CastraError, String(error));
    assert.equal(error.failure.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  });
}
