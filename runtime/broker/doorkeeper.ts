import { timingSafeEqual } from 'node:crypto';
import { readTextIfAny } from '../state/files.ts';
import { projectFiles, vmFiles } from '../state/layout.ts';
import { readRecord } from '../state/record.ts';
import type { Origin } from './connection.ts';
import { BUS, type Hello, HOST_BUS, hasCapability } from './protocol/handshake.ts';
import type { BrokerSettings } from './settings.ts';

export type Admission =
  | { readonly kind: 'granted'; readonly name: string; readonly party: 'guest' | 'host' }
  /** It is who it says, and wants no session: it proved that it is there. */
  | { readonly kind: 'present'; readonly name: string }
  | { readonly kind: 'denied'; readonly reason: DenialReason };

export type DenialReason = 'missing-capability' | 'reserved-identity' | 'bad-token' | 'unknown-vm' | 'wrong-identity';

const HOST = 'host';

/** Judges who says hello. Tokens are read from their files each time: every launch of a VM has another one. */
export function admit(stateRoot: string, auth: BrokerSettings['auth'], origin: Origin, hello: Hello): Admission {
  if (hasCapability(hello, HOST_BUS)) return admitHost(stateRoot, origin, hello);
  const name = hello.identity.toLowerCase();
  if (name === HOST) return { kind: 'denied', reason: 'reserved-identity' };
  const reason = origin.kind === 'virtio' ? portObstacle(origin.vm, name) : tcpObstacle(stateRoot, auth, name, hello);
  if (reason !== undefined) return { kind: 'denied', reason };
  return hasCapability(hello, BUS) ? { kind: 'granted', name, party: 'guest' } : { kind: 'present', name };
}

function admitHost(stateRoot: string, origin: Origin, hello: Hello): Admission {
  if (origin.kind === 'virtio') return { kind: 'denied', reason: 'wrong-identity' };
  if (!isToken(projectFiles(stateRoot).hostToken, hello.token)) return { kind: 'denied', reason: 'bad-token' };
  if (!hasCapability(hello, BUS)) return { kind: 'denied', reason: 'missing-capability' };
  return { kind: 'granted', name: HOST, party: 'host' };
}

const portObstacle = (vm: string, name: string): DenialReason | undefined =>
  name === vm ? undefined : 'wrong-identity';

function tcpObstacle(
  stateRoot: string,
  auth: BrokerSettings['auth'],
  name: string,
  hello: Hello,
): DenialReason | undefined {
  if (!/^[a-z0-9-]+$/.test(name) || readRecord(stateRoot, name) === undefined) return 'unknown-vm';
  if (auth === 'token' && !isToken(vmFiles(stateRoot, name).token, hello.token)) return 'bad-token';
  return undefined;
}

function isToken(path: string, token: string | undefined): boolean {
  const wanted = Buffer.from(readTextIfAny(path)?.trim() ?? '');
  const given = Buffer.from(token ?? '');
  return wanted.length > 0 && wanted.length === given.length && timingSafeEqual(wanted, given);
}
