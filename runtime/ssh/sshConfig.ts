import type { SshTarget } from './target.ts';

/**
 * One Host per VM, for `ssh -F` and for an Include. Nothing here changes what the user's other hosts get: every line
 * is below a Host that only we use (ssh_config(5): the first value wins, and Include may stand anywhere).
 */
export function sshConfigText(targets: readonly SshTarget[], knownHosts: string): string {
  const head = '# Written by castra for the running VMs; changes will be lost.\n';
  return [head, ...targets.map((target) => hostText(target, knownHosts))].join('\n');
}

function hostText(target: SshTarget, knownHosts: string): string {
  const lines = [
    'HostName 127.0.0.1',
    `Port ${target.port}`,
    `User ${target.user}`,
    `IdentityFile ${quotePath(target.identity)}`,
    // Else an agent's keys are tried first, and the server gives up before it is asked about ours.
    'IdentitiesOnly yes',
    // Ports are used again by other VMs; the key belongs to the name.
    `HostKeyAlias ${target.host}`,
    `UserKnownHostsFile ${quotePath(knownHosts)}`,
    'GlobalKnownHostsFile none',
    'StrictHostKeyChecking yes',
    'HostKeyAlgorithms ssh-ed25519',
    'CheckHostIP no',
    // A guest must not add keys to a file that only the host may write.
    'UpdateHostKeys no',
    'PreferredAuthentications publickey',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'ForwardAgent no',
    'ControlMaster no',
    'ControlPath none',
    'ConnectTimeout 20',
    'ServerAliveInterval 15',
    'ServerAliveCountMax 8',
  ];
  return [`Host ${target.host}`, ...lines.map((line) => `  ${line}`), ''].join('\n');
}

/**
 * A path as one word of ssh_config(5): `%` begins a token, and inside quotes `"` and `\` are escaped. `${…}` has no
 * escape at all, and a line cannot hold a line break: `explainBadPath` finds those.
 */
export function quotePath(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`;
}

/** Why OpenSSH could not read a path in its configuration; undefined when it can. */
export function explainBadPath(path: string): string | undefined {
  if (path.includes('${')) return 'OpenSSH reads "${" in it as an environment variable';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be in it.
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'it has control characters, which ssh_config does not support';
  return undefined;
}

/** known_hosts, by HostKeyAlias. A VM without a key gets no line, and so no connection. */
export function knownHostsText(targets: readonly SshTarget[]): string {
  return targets.map(({ host, hostKey }) => (hostKey === undefined ? '' : `${host} ${hostKey}\n`)).join('');
}

/** The `ssh-ed25519 AAAA…` of a .pub file, without its comment; undefined when it is none. */
export function parsePublicKey(text: string): string | undefined {
  return /^ssh-ed25519 [A-Za-z0-9+/]+=*(?=\s|$)/.exec(text)?.[0];
}
