import { createHash } from 'node:crypto';
import type { LaunchPlan } from '../launchPlan.ts';

/** An empty romfile: no network boot to wait for when the disk does not boot. */
export function network({ vm, forwards }: LaunchPlan): string[] {
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
