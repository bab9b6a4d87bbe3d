import { constants } from 'node:os';

/** What ssh(1) exits with when it has no exit status of the remote command to pass on. */
export const SSH_FAILED = 255;

/** How a command in a guest ended, as its SSH server told. */
export type RemoteEnd =
  | { readonly kind: 'exited'; readonly exitCode: number }
  /** `signal` with SIG, as Node has it; the exit code is what a shell would make of it. */
  | { readonly kind: 'killed'; readonly signal: string; readonly exitCode: number }
  /** The connection ended before the command did, or before the server said how. */
  | { readonly kind: 'lost' };

/** Of what the server said; RFC 4254, 6.10 has the names of signals without SIG. */
export function remoteEnd(code: number | null | undefined, signal: string | null | undefined): RemoteEnd {
  if (typeof code === 'number') return { kind: 'exited', exitCode: code };
  if (!signal) return { kind: 'lost' };
  const name = signal.startsWith('SIG') ? signal : `SIG${signal}`;
  return { kind: 'killed', signal: name, exitCode: exitCodeOf(undefined, name) };
}

/** An exit code as shells have it: 128 and the signal's number for a program that a signal ended. */
export function exitCodeOf(code: number | null | undefined, signal: string | null | undefined): number {
  if (typeof code === 'number') return code;
  if (!signal) return SSH_FAILED;
  const number = (constants.signals as Readonly<Record<string, number>>)[signal];
  // A server may name signals of its own: `sig@domain`.
  return number === undefined ? SSH_FAILED : 128 + number;
}
