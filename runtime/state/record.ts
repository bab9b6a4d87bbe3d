import type { AcceleratorName, PortForward, ReadySignal } from '../contract/vocabulary.ts';
import { type Phase, phases } from '../contract/vocabulary.ts';
import { either, type Guard, listOf, number, object, oneOf, optional, text } from './decode.ts';
import { readJsonIfAny, writeFileAtomic } from './files.ts';
import { recordedSockets, type VmSockets, vmFiles } from './layout.ts';
import { removeOwnFile } from './ownFile.ts';
import { readRootId } from './rootClaims.ts';

/**
 * What was started, written before QEMU is and completed once its pid is known. It is evidence, not state: whether
 * the VM runs is asked of the process table each time (liveness.ts).
 */
export interface LaunchRecord {
  readonly format: 1;
  /** The id of the state root in which it was written: elsewhere it is a copy, and means nothing. */
  readonly root?: string;
  readonly vm: string;
  readonly role: string;
  /** Random; on QEMU's command line, so it distinguishes this launch from every other process. */
  readonly uuid: string;
  readonly bootId: string;
  readonly launchedAt: string;
  readonly pid?: number;
  readonly startToken?: string;
  readonly accelerator: AcceleratorName;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly overlayPath: string;
  /** Tells the overlay that was made for this launch from a file that another program put there. */
  readonly overlayFile?: string;
  readonly baseImage: string;
  /** Shows whether the base image is still the one that the overlay was created over. */
  readonly baseStamp?: string;
  readonly forwards: readonly PortForward[];
  readonly sshPort: number;
  /** The user that the guest gives access; records of older versions have none. */
  readonly sshUser?: string;
  readonly sockets: VmSockets;
  readonly ready: ReadySignal;
  /** When `up` saw the ready signal. */
  readonly readyAt?: string;
  /** What `up` knew when it stopped waiting. */
  readonly notReady?: { readonly phase: Phase; readonly evidence: string };
}

export function writeRecord(stateRoot: string, record: LaunchRecord): void {
  const root = readRootId(stateRoot);
  const placed = root === undefined ? record : { ...record, root };
  writeFileAtomic(vmFiles(stateRoot, record.vm).record, `${JSON.stringify(placed, null, 2)}\n`);
}

export function removeRecord(stateRoot: string, vm: string): void {
  removeOwnFile(vmFiles(stateRoot, vm).record);
}

/**
 * Undefined when there is none or it is not one of ours: then nothing about this VM is known. Its sockets are where
 * Castra puts them, whatever the file says.
 */
export function readRecord(stateRoot: string, vm: string): LaunchRecord | undefined {
  const value = readJsonIfAny(vmFiles(stateRoot, vm).record);
  if (!isRecord(value) || value.vm !== vm) return undefined;
  if (value.root !== undefined && value.root !== readRootId(stateRoot)) return undefined;
  return { ...value, sockets: recordedSockets(stateRoot, value) };
}

const isForward = object<PortForward>({ bind: text, host: number, guest: number, protocol: oneOf('tcp', 'udp') });

const isReady: Guard<ReadySignal> = either(
  object<{ readonly kind: 'ssh' | 'banner' | 'broker' | 'none' }>({ kind: oneOf('ssh', 'banner', 'broker', 'none') }),
  object<Extract<ReadySignal, { kind: 'serial' }>>({ kind: oneOf('serial'), pattern: text }),
);

const isRecord = object<LaunchRecord>({
  format: oneOf(1),
  root: optional(text),
  vm: text,
  role: text,
  uuid: text,
  bootId: text,
  launchedAt: text,
  pid: optional(number),
  startToken: optional(text),
  accelerator: oneOf('kvm', 'hvf', 'whpx', 'tcg'),
  cpus: number,
  memoryMiB: number,
  overlayPath: text,
  overlayFile: optional(text),
  baseImage: text,
  baseStamp: optional(text),
  forwards: listOf(isForward),
  sshPort: number,
  sshUser: optional(text),
  // Records of a Castra without a bus have no socket for it.
  sockets: object<Omit<VmSockets, 'bus'>>({ qmp: text, monitor: text, console: text }) as Guard<VmSockets>,
  ready: isReady,
  readyAt: optional(text),
  notReady: optional(object<NonNullable<LaunchRecord['notReady']>>({ phase: oneOf(...phases), evidence: text })),
});
