import { rmSync } from 'node:fs';
import type { Phase } from '../contract/vms.ts';
import type { AcceleratorName, PortForward, ReadySignal } from '../contract/vocabulary.ts';
import { readJsonIfAny, writeFileAtomic } from './files.ts';
import { type VmSockets, vmFiles } from './layout.ts';

/**
 * What was started, written before QEMU is and completed once its pid is known. It is evidence, not state: whether
 * the VM runs is asked of the process table each time (liveness.ts).
 */
export interface LaunchRecord {
  readonly format: 1;
  readonly vm: string;
  readonly role: string;
  /** Random; on QEMU's command line, so it tells this launch from every other process. */
  readonly uuid: string;
  readonly bootId: string;
  readonly launchedAt: string;
  readonly pid?: number;
  readonly startToken?: string;
  readonly accelerator: AcceleratorName;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly overlayPath: string;
  /** Tells the overlay that was made for this launch from a file that somebody else put there. */
  readonly overlayFile?: string;
  readonly baseImage: string;
  /** What tells whether the base image is still the one that the overlay was made over. */
  readonly baseStamp?: string;
  readonly forwards: readonly PortForward[];
  readonly sshPort: number;
  /** Whom the guest was told to let in; records of older versions have none. */
  readonly sshUser?: string;
  readonly sockets: VmSockets;
  readonly ready: ReadySignal;
  /** When `up` saw the ready signal. */
  readonly readyAt?: string;
  /** What `up` knew when it stopped waiting. */
  readonly notReady?: { readonly phase: Phase; readonly evidence: string };
}

export function writeRecord(stateRoot: string, record: LaunchRecord): void {
  writeFileAtomic(vmFiles(stateRoot, record.vm).record, `${JSON.stringify(record, null, 2)}\n`);
}

export function removeRecord(stateRoot: string, vm: string): void {
  rmSync(vmFiles(stateRoot, vm).record, { force: true });
}

/** Undefined when there is none or it is not one of ours: then nothing about this VM is known. */
export function readRecord(stateRoot: string, vm: string): LaunchRecord | undefined {
  const value = readJsonIfAny(vmFiles(stateRoot, vm).record);
  return isRecord(value) && value.vm === vm ? value : undefined;
}

function isRecord(value: unknown): value is LaunchRecord {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Partial<Record<keyof LaunchRecord, unknown>>;
  const texts = [
    record.vm,
    record.role,
    record.uuid,
    record.bootId,
    record.launchedAt,
    record.overlayPath,
    record.baseImage,
  ];
  const numbers = [record.cpus, record.memoryMiB, record.sshPort];
  return (
    record.format === 1 &&
    texts.every((text) => typeof text === 'string') &&
    numbers.every((number) => typeof number === 'number') &&
    (record.pid === undefined || typeof record.pid === 'number') &&
    (record.overlayFile === undefined || typeof record.overlayFile === 'string') &&
    (record.sshUser === undefined || typeof record.sshUser === 'string') &&
    (record.startToken === undefined || typeof record.startToken === 'string') &&
    Array.isArray(record.forwards) &&
    record.forwards.every(isForward) &&
    isSockets(record.sockets) &&
    typeof record.ready === 'object' &&
    record.ready !== null
  );
}

function isForward(value: unknown): value is PortForward {
  if (typeof value !== 'object' || value === null) return false;
  const { bind, host, guest, protocol } = value as Partial<Record<keyof PortForward, unknown>>;
  return (
    typeof bind === 'string' && typeof host === 'number' && typeof guest === 'number' && typeof protocol === 'string'
  );
}

function isSockets(value: unknown): value is VmSockets {
  if (typeof value !== 'object' || value === null) return false;
  const { qmp, monitor, console } = value as Partial<Record<keyof VmSockets, unknown>>;
  return [qmp, monitor, console].every((path) => typeof path === 'string');
}
