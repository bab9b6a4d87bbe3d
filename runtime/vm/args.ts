import { createHash } from 'node:crypto';
import type { AcceleratorName, PortForward } from '../contract/vocabulary.ts';
import type { VmFiles, VmSockets } from '../state/layout.ts';

export type Architecture = 'x86_64' | 'aarch64';

/** A UEFI build on this host: read-only code, and this VM's own copy of the variable store. */
export interface UefiFiles {
  readonly code: string;
  readonly vars: string;
}

/** Everything that decides a QEMU command line. */
export interface LaunchPlan {
  readonly vm: string;
  readonly uuid: string;
  readonly architecture: Architecture;
  readonly accelerator: AcceleratorName;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly overlayPath: string;
  /** A raw image that tells the guest who it is. */
  readonly seed?: string;
  readonly files: Pick<VmFiles, 'pidfile' | 'serialLog'>;
  readonly sockets: VmSockets;
  readonly forwards: readonly PortForward[];
  /** Boot with UEFI; without it the machine's own BIOS does. */
  readonly uefi?: UefiFiles;
  /** This QEMU was built with seccomp. */
  readonly sandbox: boolean;
  /** The user's `qemu_args`: last, so that they win. */
  readonly extraArgs: readonly string[];
}

/** The command line for one VM. Pure: tested against golden files in test/runtime/vm/golden. */
export function qemuArguments(plan: LaunchPlan): string[] {
  return [
    ...identity(plan),
    ...machine(plan),
    ...processor(plan),
    ...firmware(plan.uefi),
    ...disk(plan.overlayPath),
    ...seedDisk(plan.seed),
    ...network(plan),
    ...randomness(),
    ...serialConsole(plan),
    ...qmpServer('qmp', plan.sockets.qmp),
    ...qmpServer('monitor', plan.sockets.monitor),
    ...(plan.sandbox ? sandbox() : []),
    ...plan.extraArgs,
  ];
}

/** QEMU splits option values at commas; a doubled comma is a literal one. */
export function escapeComma(value: string): string {
  return value.replaceAll(',', ',,');
}

/** No defaults and no config files of the host, so that the same castra.toml gives the same machine everywhere. */
function identity({ vm, uuid, files }: LaunchPlan): string[] {
  return ['-name', vm, '-uuid', uuid, '-nodefaults', '-no-user-config', '-display', 'none', '-pidfile', files.pidfile];
}

/** graphics=off makes SeaBIOS write to the serial port, which is how we know that firmware runs. */
function machine({ architecture }: LaunchPlan): string[] {
  return ['-machine', architecture === 'x86_64' ? 'q35,graphics=off' : 'virt'];
}

function processor({ accelerator, cpus, memoryMiB }: LaunchPlan): string[] {
  const model = accelerator === 'kvm' || accelerator === 'hvf' ? 'host' : 'max';
  return ['-accel', accelerator, '-cpu', model, '-smp', String(cpus), '-m', `${memoryMiB}M`];
}

function firmware(uefi?: UefiFiles): string[] {
  if (uefi === undefined) return [];
  return [
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${escapeComma(uefi.code)}`],
    ...['-drive', `if=pflash,unit=1,format=raw,file=${escapeComma(uefi.vars)}`],
  ];
}

/**
 * bootindex: SeaBIOS may otherwise try a second disk first; 0 belongs to `-kernel`, which a user may pass. discard and
 * detect-zeroes keep the overlay small.
 */
function disk(overlayPath: string): string[] {
  const file = `file.driver=file,file.filename=${escapeComma(overlayPath)}`;
  return [
    ...['-blockdev', `driver=qcow2,node-name=disk0,discard=unmap,detect-zeroes=unmap,${file}`],
    ...['-device', 'virtio-blk-pci,drive=disk0,bootindex=1'],
  ];
}

/** After the root disk, which so stays /dev/vda. No CD-ROM drive: an empty or slow one costs guests time. */
function seedDisk(path?: string): string[] {
  if (path === undefined) return [];
  const file = `file.driver=file,file.filename=${escapeComma(path)}`;
  return [
    ...['-blockdev', `driver=raw,node-name=seed0,read-only=on,${file}`],
    ...['-device', 'virtio-blk-pci,drive=seed0'],
  ];
}

/** An empty romfile: no network boot to wait for when the disk does not boot. */
function network({ vm, forwards }: LaunchPlan): string[] {
  const rules = forwards.map(({ protocol, bind, host, guest }) => `,hostfwd=${protocol}:${bind}:${host}-:${guest}`);
  return [
    ...['-netdev', `user,id=net0,hostname=${vm}${rules.join('')}`],
    ...['-device', `virtio-net-pci,netdev=net0,mac=${macAddress(vm)},romfile=`],
  ];
}

/** Stable per VM, so that a guest's network configuration survives `up`; locally administered, QEMU's prefix. */
export function macAddress(vm: string): string {
  const digest = createHash('sha256').update(vm).digest('hex');
  return `52:54:00:${digest.slice(0, 2)}:${digest.slice(2, 4)}:${digest.slice(4, 6)}`;
}

/** A guest without entropy waits for it before its sshd starts. */
function randomness(): string[] {
  return ['-object', 'rng-builtin,id=rng0', '-device', 'virtio-rng-pci,rng=rng0'];
}

/** A socket to attach to, and a log that is written whether or not somebody is attached. */
function serialConsole({ sockets, files }: LaunchPlan): string[] {
  const path = escapeComma(sockets.console);
  const log = escapeComma(files.serialLog);
  return [
    '-chardev',
    `socket,id=console0,path=${path},server=on,wait=off,logfile=${log},logappend=on`,
    '-serial',
    'chardev:console0',
  ];
}

function qmpServer(id: string, path: string): string[] {
  return [
    '-chardev',
    `socket,id=${id},path=${escapeComma(path)},server=on,wait=off`,
    '-mon',
    `chardev=${id},mode=control`,
  ];
}

/** QEMU itself needs none of these; a guest that breaks out of it would. */
function sandbox(): string[] {
  return ['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'];
}
