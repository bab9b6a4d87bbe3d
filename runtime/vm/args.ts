import { busPort } from './devices/bus.ts';
import { qmpServer, serialConsole } from './devices/consoles.ts';
import { disk, seedDisk } from './devices/disks.ts';
import { firmware, identity, machine, processor, randomness, sandbox } from './devices/machine.ts';
import { network } from './devices/network.ts';
import type { LaunchPlan } from './launchPlan.ts';

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
    ...(plan.bus ? busPort(plan) : []),
    ...qmpServer('qmp', plan.sockets.qmp),
    ...qmpServer('monitor', plan.sockets.monitor),
    ...(plan.sandbox && !namesSandbox(plan.extraArgs) ? sandbox() : []),
    ...plan.extraArgs,
  ];
}

/** QEMU takes what two options say together, and then dies at its first system call that one of them denies. */
const namesSandbox = (extraArgs: readonly string[]): boolean => extraArgs.some((arg) => /^--?sandbox$/.test(arg));
