import { constants } from 'node:os';

/** What ssh(1) exits with when it has no exit status of the remote command to pass on. */
export const SSH_FAILED = 255;

/** An exit code as shells have it: 128 and the signal's number for a program that a signal ended. */
export function exitCodeOf(code: number | null | undefined, signal: string | null | undefined): number {
  if (typeof code === 'number') return code;
  if (!signal) return SSH_FAILED;
  // RFC 4254, 6.10 has the names without SIG.
  const name = signal.startsWith('SIG') ? signal : `SIG${signal}`;
  const number = (constants.signals as Readonly<Record<string, number>>)[name];
  return number === undefined ? SSH_FAILED : 128 + number;
}
