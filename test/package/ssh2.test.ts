import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client, ConnectConfig } from 'ssh2';
import { type TempFolder, tempFolder } from '../support/tempProject.ts';

/** As it is loaded by the command line; it has only what scripts/build/unused.mjs leaves in. */
const shipped = createRequire(import.meta.url)(join(process.cwd(), 'dist/packages/ssh2.js')) as {
  readonly Client: typeof Client;
};

const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/sbin/sshd'].find(existsSync);
const PASSPHRASE = 'correct horse';

/** A user's own key may have a passphrase or be in an agent: both need parts of ssh2 that Castra's own key does not. */
describe('ssh2 as it ships logs in to OpenSSH', { skip: SSHD ? false : 'OpenSSH has no sshd on this host' }, () => {
  let folder: TempFolder;
  let sshd: ChildProcess;
  let port: number;
  const key = () => join(folder.path, 'id');

  before(async () => {
    folder = tempFolder();
    port = await freePort();
    const host = join(folder.path, 'host');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', host]);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', PASSPHRASE, '-f', key()]);
    const config = join(folder.path, 'sshd_config');
    writeFileSync(
      config,
      [
        'ListenAddress 127.0.0.1',
        `Port ${port}`,
        `HostKey ${host}`,
        `AuthorizedKeysFile ${key()}.pub`,
        `PidFile ${join(folder.path, 'sshd.pid')}`,
        'PasswordAuthentication no',
        'KbdInteractiveAuthentication no',
        'PermitRootLogin prohibit-password',
        'StrictModes no',
        'UsePAM no',
      ].join('\n'),
    );
    // sshd of Debian refuses to start without the folder that its service would make.
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    sshd = spawn(SSHD ?? '', ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    sshd.stderr?.on('data', (text) => {
      said += String(text);
    });
    while (!said.includes('Server listening')) {
      assert.equal(sshd.exitCode, null, said);
      await delay(20);
    }
  });

  after(async () => {
    sshd.kill();
    await once(sshd, 'exit');
    await folder.dispose();
  });

  const login = (config: ConnectConfig) =>
    answerOf({ host: '127.0.0.1', port, username: userInfo().username, ...config });

  it('with a key that has a passphrase', async () => {
    const privateKey = readFileSync(key());
    assert.equal(await login({ privateKey, passphrase: PASSPHRASE }), 'in\n');
    await assert.rejects(login({ privateKey, passphrase: 'wrong' }), /passphrase|integrity|parse/i);
    await assert.rejects(login({ privateKey }), /passphrase/i);
  });

  it('with a key in ssh-agent', async () => {
    const socket = join(folder.path, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    try {
      while (!existsSync(socket)) await delay(20);
      const askpass = join(folder.path, 'askpass');
      writeFileSync(askpass, `#!/bin/sh\necho '${PASSPHRASE}'\n`, { mode: 0o700 });
      const env = { ...process.env, SSH_AUTH_SOCK: socket, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' };
      await assert.rejects(login({ agent: socket }), /authentication methods failed/);
      execFileSync('ssh-add', ['-q', key()], { env, stdio: 'ignore' });
      assert.equal(await login({ agent: socket }), 'in\n');
    } finally {
      agent.kill();
    }
  });
});

/** What `echo in` prints over there. */
function answerOf(config: ConnectConfig): Promise<string> {
  const client = new shipped.Client();
  return new Promise<string>((done, fail) => {
    client.once('error', fail);
    client.once('ready', () => {
      client.exec('echo in', (error, channel) => {
        if (error) return fail(error);
        let text = '';
        channel.on('data', (data: Buffer) => {
          text += data.toString();
        });
        channel.once('close', () => done(text));
      });
    });
    client.connect(config);
  }).finally(() => client.end());
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : assert.fail('no port');
}
