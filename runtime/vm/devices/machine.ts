import type { LaunchPlan, UefiFiles } from '../launchPlan.ts';
import { escapeComma } from './escapeComma.ts';

/** No defaults and no config files of the host, so that the same castra.toml gives the same machine everywhere. */
export function identity({ vm, uuid, files }: LaunchPlan): string[] {
  return ['-name', vm, '-uuid', uuid, '-nodefaults', '-no-user-config', '-display', 'none', '-pidfile', files.pidfile];
}

/** graphics=off makes SeaBIOS write to the serial port, which is how we know that firmware runs. */
export function machine({ architecture }: LaunchPlan): string[] {
  return ['-machine', architecture === 'x86_64' ? 'q35,graphics=off' : 'virt'];
}

export function processor({ accelerator, cpus, memoryMiB }: LaunchPlan): string[] {
  const model = accelerator === 'kvm' || accelerator === 'hvf' ? 'host' : 'max';
  return ['-accel', accelerator, '-cpu', model, '-smp', String(cpus), '-m', `${memoryMiB}M`];
}

export function firmware(uefi?: UefiFiles): string[] {
  if (uefi === undefined) return [];
  return [
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${escapeComma(uefi.code)}`],
    ...['-drive', `if=pflash,unit=1,format=raw,file=${escapeComma(uefi.vars)}`],
  ];
}

/** A guest without entropy waits for it before its sshd starts. */
export function randomness(): string[] {
  return ['-object', 'rng-builtin,id=rng0', '-device', 'virtio-rng-pci,rng=rng0'];
}

/** QEMU itself needs none of these; a guest that breaks out of it would. */
export function sandbox(): string[] {
  return ['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'];
}
