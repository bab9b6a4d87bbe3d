import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** OpenSSH's server; not on the PATH of ordinary users. */
export const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/sbin/sshd'].find(existsSync);
export const noSshd = SSHD === undefined && 'OpenSSH has no sshd on this host';

export interface SshdKeys {
  readonly port: number;
  /** Path of its private host key. */
  readonly hostKey: string;
  /** Path of the public keys that may log in. */
  readonly authorized: string;
}

export interface HostSshd {
  readonly pid: number;
  stop(): Promise<void>;
}

/** A real OpenSSH server of this host, on the loopback. Who logs in is the user that runs the tests. */
export async function startSshd({ port, hostKey, authorized }: SshdKeys): Promise<HostSshd> {
  // sshd of Debian refuses to start without the folder that its service would make.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const options = [
    'ListenAddress=127.0.0.1',
    `Port=${port}`,
    `HostKey="${hostKey}"`,
    `AuthorizedKeysFile="${authorized}"`,
    'PidFile=none',
    'PasswordAuthentication=no',
    'KbdInteractiveAuthentication=no',
    'PermitRootLogin=prohibit-password',
    'StrictModes=no',
    'UsePAM=no',
    'Subsystem=sftp internal-sftp',
  ].flatMap((option) => ['-o', option]);
  const sshd = spawn(SSHD ?? '', ['-D', '-e', '-f', '/dev/null', ...options], { stdio: ['ignore', 'ignore', 'pipe'] });
  await listening(sshd);
  return {
    pid: sshd.pid ?? 0,
    async stop() {
      if (sshd.exitCode !== null) return;
      sshd.kill();
      await once(sshd, 'exit');
    },
  };
}

async function listening(sshd: ChildProcess): Promise<void> {
  let said = '';
  sshd.stderr?.on('data', (text) => {
    said += String(text);
  });
  while (!said.includes('Server listening')) {
    if (sshd.exitCode !== null) throw new Error(`sshd: ${said}`);
    await delay(20);
  }
}
