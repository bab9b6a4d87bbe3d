import type { BootstrapStatus } from '../contract/vocabulary.ts';
import { identify, isSameProcess, type ProcessIdentity } from '../process/identity.ts';
import { number, object, oneOf, optional, text } from '../state/decode.ts';
import { readJsonIfAny, writeFileAtomic } from '../state/files.ts';
import { vmFiles } from '../state/layout.ts';
import { readRootId } from '../state/rootClaims.ts';

/**
 * The last bootstrap of a VM, as the command that ran it left it. A mirror of what the guest's own stamp says, for those
 * who may not ask the guest.
 */
export interface BootstrapState {
  readonly format: 1;
  /** The id of the state root in which it was written: elsewhere it is a copy, and means nothing. */
  readonly root?: string;
  readonly vm: string;
  /** Of the launch: another one has another disk. */
  readonly uuid: string;
  readonly status: 'running' | 'done' | 'failed';
  /** What the guest's stamp says, or will say. */
  readonly stamp: string;
  readonly step?: string;
  /** When the step began; at the end, when that was. */
  readonly since: string;
  readonly reason?: string;
  readonly logPath?: string;
  /** The command at work. */
  readonly pid: number;
  readonly startToken: string;
  /** The process group in the guest that it started last, and when, as the guest counts. */
  readonly guestPid?: number;
  readonly guestStarted?: string;
  /** Of the base image, and for which state of it: it is hashed once. */
  readonly baseStamp?: string;
  readonly baseHash?: string;
}

export function writeBootstrapState(
  stateRoot: string,
  state: Omit<BootstrapState, 'format' | 'pid' | 'startToken'>,
): void {
  const root = readRootId(stateRoot);
  const { pid } = process;
  const startToken = identify(pid)?.startToken ?? '';
  const placed = { format: 1, ...(root === undefined ? {} : { root }), ...state, pid, startToken };
  writeFileAtomic(vmFiles(stateRoot, state.vm).bootstrap, `${JSON.stringify(placed, null, 2)}\n`);
}

/** Undefined when there is none, or it is not one of ours. */
export function readBootstrapState(stateRoot: string, vm: string): BootstrapState | undefined {
  const value = readJsonIfAny(vmFiles(stateRoot, vm).bootstrap);
  if (!isState(value) || value.vm !== vm) return undefined;
  return value.root === undefined || value.root === readRootId(stateRoot) ? value : undefined;
}

/** What a state says of a launch; undefined when it is of another one. */
export function bootstrapStatus(
  state: BootstrapState | undefined,
  uuid: string | undefined,
): BootstrapStatus | undefined {
  if (state === undefined || state.uuid !== uuid) return undefined;
  const { status, step, since, reason, logPath } = state;
  const rest = { since, ...(step === undefined ? {} : { step }), ...(logPath === undefined ? {} : { logPath }) };
  if (status === 'running' && !isAtWork(state)) {
    return { ...rest, state: 'failed', reason: 'the command that ran it was killed' };
  }
  return { ...rest, state: status, ...(reason === undefined ? {} : { reason }) };
}

const isAtWork = ({ pid, startToken }: ProcessIdentity): boolean => isSameProcess({ pid, startToken });

const isState = object<BootstrapState>({
  format: oneOf(1),
  root: optional(text),
  vm: text,
  uuid: text,
  status: oneOf('running', 'done', 'failed'),
  stamp: text,
  step: optional(text),
  since: text,
  reason: optional(text),
  logPath: optional(text),
  pid: number,
  startToken: text,
  guestPid: optional(number),
  guestStarted: optional(text),
  baseStamp: optional(text),
  baseHash: optional(text),
});
