import type { AcceleratorName, Architecture, PortForward } from '../contract/vocabulary.ts';
import type { VmFiles, VmSockets } from '../state/layout.ts';

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
  /** A raw image that gives the guest its identity. */
  readonly seed?: string;
  readonly files: Pick<VmFiles, 'pidfile' | 'serialLog'>;
  readonly sockets: VmSockets;
  readonly forwards: readonly PortForward[];
  /** The guest gets a port to the broker. */
  readonly bus: boolean;
  /** Boot with UEFI; without it the machine's own BIOS does. */
  readonly uefi?: UefiFiles;
  /** This QEMU was built with seccomp. */
  readonly sandbox: boolean;
  /** The user's `qemu_args`: last, so that they win. */
  readonly extraArgs: readonly string[];
}
