import type { Socket } from 'node:net';
import type { AnyAuthMethod, AuthHandlerMiddleware, Client } from 'ssh2';
import { readIdentity } from './connect.ts';
import type { SshTarget } from './target.ts';

/** As vm/boot/loginProbe.ts: neither room knows the other. */
type Attempt =
  | { readonly kind: 'in'; readonly evidence: string }
  | { readonly kind: 'no-server' | 'stranger' | 'denied'; readonly why: string };

/**
 * Of a connection with its key exchange and all tries to log in. An emulated guest that is just starting may take ten
 * seconds for the exchange alone.
 */
const TIMEOUT_MS = 30_000;
/**
 * cloud-init writes authorized keys some seconds after sshd has started. Trying again on the same connection costs the
 * server one failed key each time (MaxAuthTries: 6 in OpenSSH), not another connection.
 */
const TRY_AGAIN_MS = [500, 1000, 1500, 1500];

/** Logs in over an open connection, with the host key proven and the project's key, and ends it. Never rejects. */
export async function proveLogin(target: SshTarget, socket: Socket, signal: AbortSignal): Promise<Attempt> {
  const { Client } = (await import('ssh2')).default;
  const client = new Client();
  return new Promise((done) => {
    let finished = false;
    const finish = (attempt: Attempt) => {
      if (finished) return;
      finished = true;
      signal.removeEventListener('abort', stop);
      client.end();
      socket.destroySoon();
      done(attempt);
    };
    const stop = () => finish({ kind: 'no-server', why: 'it was not waited for' });
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    logIn(client, { target, socket, finish });
  });
}

interface Login {
  readonly target: SshTarget;
  readonly socket: Socket;
  readonly finish: (attempt: Attempt) => void;
}

function logIn(client: Client, { target, socket, finish }: Login): void {
  const { hostKey, user } = target;
  let privateKey: Buffer;
  try {
    privateKey = readIdentity(target);
  } catch (error) {
    finish({ kind: 'denied', why: error instanceof Error ? error.message : String(error) });
    return;
  }
  let stranger = false;
  client.once('ready', () => finish({ kind: 'in', evidence: `logged in as ${user}` }));
  client.once('close', () => finish({ kind: 'no-server', why: 'it closed the connection' }));
  client.on('error', (error) => finish(explain(error, stranger, user)));
  client.connect({
    sock: socket,
    username: user,
    hostVerifier: (key: Buffer) => {
      stranger = `ssh-ed25519 ${key.toString('base64')}` !== hostKey;
      return !stranger;
    },
    algorithms: { serverHostKey: ['ssh-ed25519'] },
    authHandler: tryAgain({ type: 'publickey', username: user, key: privateKey }),
    readyTimeout: TIMEOUT_MS,
  });
}

function tryAgain(method: AnyAuthMethod): AuthHandlerMiddleware {
  let tries = 0;
  return (_left, _partial, next) => {
    const waitMs = tries === 0 ? 0 : TRY_AGAIN_MS[tries - 1];
    tries++;
    if (waitMs === undefined) return next(false as unknown as AnyAuthMethod);
    // An attempt that was given up meanwhile must not keep the process.
    setTimeout(() => next(method), waitMs).unref();
  };
}

function explain(error: Error & { readonly level?: string }, stranger: boolean, user: string): Attempt {
  if (stranger) return { kind: 'stranger', why: 'its host key is not the one that Castra made for it' };
  if (error.level === 'client-authentication')
    return { kind: 'denied', why: `it does not let ${user} in with the project's key` };
  return { kind: 'no-server', why: error.message };
}
