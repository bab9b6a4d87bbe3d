/** Everything that is needed to log in to one running VM. */
export interface SshTarget {
  readonly vm: string;
  /** What the VM is called in our OpenSSH files: no other host of the user's has this name. */
  readonly host: string;
  /** Forwarded from 127.0.0.1 to the guest's SSH server. */
  readonly port: number;
  readonly user: string;
  /** Path of the project's private key. */
  readonly identity: string;
  /** The guest's public host key, `ssh-ed25519 AAAA…`; undefined when Castra has made none for this VM. */
  readonly hostKey?: string;
  /** What a bootstrap.toml may set beside these. */
  readonly login?: LoginChoices;
}

export interface LoginChoices {
  /** Name or address, instead of 127.0.0.1. */
  readonly address?: string;
  /** Another private key, which is tried before the project's. */
  readonly key?: { readonly path: string; readonly passphrase?: string };
  /** Socket of the user's SSH agent, asked when the keys are rejected. */
  readonly agent?: string;
  /** Its processor is emulated, so it has no instructions for AES. */
  readonly isEmulated?: boolean;
  readonly connectTimeoutMs?: number;
  readonly keepaliveMs?: number;
  readonly keepaliveMisses?: number;
}
