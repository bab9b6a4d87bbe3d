import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { AnyAuthMethod, Client } from 'ssh2';
import { CastraError, messageOf } from '../contract/failures.ts';
import { gather } from './gather.ts';
import type { SshTarget } from './target.ts';

/** Of connecting, key exchange and login together; an emulated guest takes a second or two. */
const CONNECT_TIMEOUT_MS = 20_000;
/** Twice as fast as AES where that is computed step by step. */
const CHEAP_FIRST = { prepend: ['chacha20-poly1305@openssh.com' as const], append: [], remove: [] };
const KEEPALIVE_MS = 15_000;
const KEEPALIVE_MISSES = 8;

/**
 * Logs in with the ssh2 package. Fails with `host-key-mismatch` when the server has another key than the one
 * Castra made, with `ssh-failed` for all else, and with `cancelled`. The caller ends the client.
 */
export async function connectSsh(
  target: SshTarget,
  signal: AbortSignal,
  timeoutMs = target.login?.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
): Promise<Client> {
  if (signal.aborted) throw new CastraError({ kind: 'cancelled' });
  const privateKey = readIdentity(target);
  // Its default: where an ES module imports the bundled CommonJS package, that is all there is.
  const { Client } = (await import('ssh2')).default;
  const client = new Client();
  const { vm, hostKey, login = {} } = target;
  let trusted: boolean | undefined;
  const hostVerifier = (key: Buffer): boolean => {
    trusted = `ssh-ed25519 ${key.toString('base64')}` === hostKey;
    return trusted;
  };
  return new Promise((done, fail) => {
    const cancel = () => settle(new CastraError({ kind: 'cancelled' }));
    const settle = (error?: CastraError) => {
      signal.removeEventListener('abort', cancel);
      client.off('close', closed);
      if (error === undefined) return done(client);
      fail(error);
      client.destroy();
    };
    const closed = () =>
      settle(new CastraError({ kind: 'ssh-failed', vm, detail: explain('the connection was closed') }));
    signal.addEventListener('abort', cancel, { once: true });
    client.once('ready', () => settle());
    client.once('close', closed);
    // Stays for as long as the client lives: an error without a listener would end the process.
    client.on('error', (error) => settle(trusted === false ? mismatch(target) : failed(vm, error)));
    // What is typed and what SFTP asks for are small messages: without noDelay each waits for the one before (Nagle).
    const sock = connect({ host: login.address ?? '127.0.0.1', port: target.port, noDelay: true });
    try {
      client.connect({
        sock: gather(sock),
        username: target.user,
        ...(target.login === undefined ? { privateKey } : { authHandler: methods(target, privateKey) }),
        hostVerifier,
        algorithms: { serverHostKey: ['ssh-ed25519'], ...(login.isEmulated ? { cipher: CHEAP_FIRST } : {}) },
        readyTimeout: timeoutMs,
        keepaliveInterval: login.keepaliveMs ?? KEEPALIVE_MS,
        keepaliveCountMax: login.keepaliveMisses ?? KEEPALIVE_MISSES,
      });
    } catch (error) {
      // A key that ssh2 cannot read; it looks at it before it connects.
      sock.destroy();
      const detail = `the key ${login.key?.path ?? target.identity} cannot be used (${messageOf(error)}).`;
      settle(
        error instanceof CastraError ? error : new CastraError({ kind: 'ssh-failed', vm, detail }, { cause: error }),
      );
    }
  });
}

/** The user's key if there is one, then the project's, then the agent's. */
function methods({ vm, user: username, login = {} }: SshTarget, projectKey: Buffer): AnyAuthMethod[] {
  const { key, agent } = login;
  const passphrase = key?.passphrase === undefined ? {} : { passphrase: key.passphrase };
  return [
    ...(key ? [{ ...keyMethod(username, readIdentity({ vm, identity: key.path })), ...passphrase }] : []),
    keyMethod(username, projectKey),
    ...(agent === undefined ? [] : [{ type: 'agent', username, agent } as const]),
  ];
}

const keyMethod = (username: string, key: Buffer) => ({ type: 'publickey', username, key }) as const;

export function readIdentity({ vm, identity }: Pick<SshTarget, 'vm' | 'identity'>): Buffer {
  try {
    return readFileSync(identity);
  } catch (error) {
    const detail = `the key ${identity} cannot be read (${messageOf(error)}). \`castra down\` and \`castra up\` create the project's key again.`;
    throw new CastraError({ kind: 'ssh-failed', vm, detail }, { cause: error });
  }
}

function failed(vm: string, error: Error & { readonly level?: string }): CastraError {
  const detail =
    error.level === 'client-authentication'
      ? 'the guest rejects the key of this project. Its image may have no cloud-init, or another user: check `ssh_user` in castra.toml.'
      : explain(error.message);
  return new CastraError({ kind: 'ssh-failed', vm, detail }, { cause: error });
}

const explain = (what: string): string =>
  `${what}. Its SSH server may not have started yet; see \`castra status\` and the serial log.`;

function mismatch({ vm, port, hostKey }: SshTarget): CastraError {
  const found =
    hostKey === undefined
      ? 'Castra has no host key for it and cannot identify it. Restart it with `castra down` and `castra up` to create one.'
      : `the server on 127.0.0.1:${port} does not have the host key that Castra created for it. Castra sent nothing. Either its image did not take the key from the seed disk (use an image with cloud-init), or another program answers on that port (\`castra status\` shows the ports). Restart the VM with \`castra down ${vm}\` and \`castra up ${vm}\`.`;
  return new CastraError({ kind: 'host-key-mismatch', vm, detail: found });
}
