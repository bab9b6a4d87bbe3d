import type { PortForward } from '../contract/vocabulary.ts';
import { number, object, oneOf, text } from './decode.ts';
import { ensurePrivateDirectory, readJsonIfAny, sweepTemporaries, writeFileAtomic } from './files.ts';
import { homeFiles } from './layout.ts';
import { inspectVm } from './liveness.ts';
import { operationOn, readOperations } from './operation/announce.ts';
import { waitBrieflyForLock } from './waitForLock.ts';

/** A host port that a VM of some project holds, or will bind in a moment. */
export interface PortReservation extends PortForward {
  readonly stateRoot: string;
  readonly configPath: string;
  /** Its name. */
  readonly project: string;
  readonly vm: string;
}

/** `starting`: the `up` of its project is at work, and its QEMU may not have bound the port yet. */
export interface LiveReservation extends PortReservation {
  readonly state: 'running' | 'starting';
}

/** Thousands of times what reading, probing and writing takes: only a stopped process holds the lock so long. */
const LOCK_TIMEOUT_MS = 3000;

/**
 * What is reserved now. An entry counts while its VM runs or a command of its project starts it; so a crash leaves
 * nothing to repair. A damaged file counts as empty: binding a port fails in any case.
 */
export function readReservations(home: string): LiveReservation[] {
  const value = readJsonIfAny(homeFiles(home).ports);
  const entries = Array.isArray(value) ? value.filter(isReservation) : [];
  const states = new Map<string, LiveReservation['state'] | undefined>();
  return entries.flatMap((entry) => {
    const key = JSON.stringify([entry.stateRoot, entry.vm]);
    if (!states.has(key)) states.set(key, judge(entry));
    const state = states.get(key);
    return state === undefined ? [] : [{ ...entry, state }];
  });
}

function judge({ stateRoot, vm }: PortReservation): LiveReservation['state'] | undefined {
  if (inspectVm(stateRoot, vm).kind === 'running') return 'running';
  return operationOn(readOperations(stateRoot), vm) ? 'starting' : undefined;
}

/** The new entries, and what the caller makes of having them. */
export interface Change<Value> {
  readonly reservations: readonly PortReservation[];
  readonly value: Value;
}

/**
 * Replaces the reservations while no other process can. Fails with CastraError when home cannot be used, or with what
 * writing said; resolves with undefined when the lock was not to be had.
 */
export async function changeReservations<Value>(
  home: string,
  signal: AbortSignal,
  change: (live: readonly LiveReservation[]) => Promise<Change<Value>>,
): Promise<Value | undefined> {
  ensurePrivateDirectory(home);
  const { ports, portsLock } = homeFiles(home);
  const free = await waitBrieflyForLock(portsLock, { timeoutMs: LOCK_TIMEOUT_MS, signal });
  if (free === undefined) return undefined;
  try {
    const { reservations, value } = await change(readReservations(home));
    sweepTemporaries(home, ports);
    writeFileAtomic(ports, `${JSON.stringify(reservations.map(withoutState), null, 2)}\n`);
    return value;
  } finally {
    free();
  }
}

/** Whether a VM runs is asked again each time. */
function withoutState(entry: PortReservation): PortReservation {
  const { stateRoot, configPath, project, vm, bind, host, guest, protocol } = entry;
  return { stateRoot, configPath, project, vm, bind, host, guest, protocol };
}

const isReservation = object<PortReservation>({
  stateRoot: text,
  configPath: text,
  project: text,
  vm: text,
  bind: text,
  host: number,
  guest: number,
  protocol: oneOf('tcp', 'udp'),
});
