import type { Diagnostic } from '../diagnostics.ts';
import type { HostCapacity } from '../process/host.ts';
import type { PortClaim } from './ports.ts';

const MIB = 1024 * 1024;

/** The original's thresholds: below the first a start is refused, below the second it is warned about. */
const MEMORY_HEADROOM = { refuse: 512 * MIB, warn: 1024 * MIB };
const FREE_DISK = { refuse: 500 * MIB, warn: 2048 * MIB };
const CPU_WARN_RATIO = 0.8;

export interface Demand {
  /** Of the VMs to start. */
  readonly memoryMiB: number;
  /** Of the VMs to start and of those of this project that run already. */
  readonly cpus: number;
}

export interface DiskSpace {
  readonly path: string;
  readonly freeBytes: number;
}

/** Capacity problems can be forced; a taken port cannot: QEMU would fail on it anyway. */
export function checkCapacity(demand: Demand, capacity: HostCapacity, disks: readonly DiskSpace[]): Diagnostic[] {
  return [
    ...checkCpus(demand.cpus, capacity.cpus),
    ...checkMemory(demand.memoryMiB, capacity),
    ...disks.flatMap(checkDisk),
  ];
}

/** `--force`: the same findings, none of which stops the start. */
export function downgrade(findings: readonly Diagnostic[]): Diagnostic[] {
  return findings.map((finding) =>
    finding.severity === 'error'
      ? {
          severity: 'warning',
          code: finding.code,
          message: `${finding.message.replace(/\.$/, '')}; going on because of --force.`,
        }
      : finding,
  );
}

function checkCpus(wanted: number, cpus: number): Diagnostic[] {
  const message = `The VMs want ${wanted} cpus together; this host has ${cpus}.`;
  const help = 'Lower `cpus`, start fewer VMs, or pass --force: they share the processors then.';
  if (wanted > cpus) return [{ severity: 'error', code: 'host/cpus', message, help }];
  const heavy = wanted > cpus * CPU_WARN_RATIO && wanted > 1;
  return heavy
    ? [{ severity: 'warning', code: 'host/cpus', message: `${message.replace(/\.$/, '')}, so little is left for it.` }]
    : [];
}

function checkMemory(wantedMiB: number, { availableMemoryBytes }: HostCapacity): Diagnostic[] {
  const left = availableMemoryBytes - wantedMiB * MIB;
  const numbers = `The VMs want ${wantedMiB} MiB together; ${Math.floor(availableMemoryBytes / MIB)} MiB are available`;
  const help = 'Lower `memory`, start fewer VMs, close other programs, or pass --force.';
  if (left < MEMORY_HEADROOM.refuse) {
    return [{ severity: 'error', code: 'host/memory', message: `${numbers}, and 512 MiB must remain.`, help }];
  }
  return left < MEMORY_HEADROOM.warn
    ? [{ severity: 'warning', code: 'host/memory', message: `${numbers}: that is tight.` }]
    : [];
}

function checkDisk({ path, freeBytes }: DiskSpace): Diagnostic[] {
  const message = `Only ${Math.floor(freeBytes / MIB)} MiB are free on the disk of ${path}`;
  const help = 'Free some space, move `project.state_dir` or CASTRA_HOME to another disk, or pass --force.';
  if (freeBytes < FREE_DISK.refuse) {
    return [{ severity: 'error', code: 'host/disk', message: `${message}; 500 MiB are needed.`, help }];
  }
  return freeBytes < FREE_DISK.warn ? [{ severity: 'warning', code: 'host/disk', message: `${message}.` }] : [];
}

export function checkPorts(claims: readonly PortClaim[]): Diagnostic[] {
  return claims.flatMap((claim): Diagnostic[] => {
    if (claim.kind === 'free') return [];
    const { vm, bind, host, guest, protocol } = claim.forward;
    return [
      {
        severity: 'error',
        code: 'host/port-taken',
        message: `${vm}: port ${bind}:${host}/${protocol} (to guest port ${guest}) cannot be used: ${claim.detail}.`,
        help: `Choose another \`host\` port, or \`host = 0\` for any free one; \`${listCommand(protocol, host)}\` shows who uses it.`,
      },
    ];
  });
}

function listCommand(protocol: 'tcp' | 'udp', port: number): string {
  if (process.platform === 'darwin') return `lsof -nP -i ${protocol}:${port}`;
  return `ss -${protocol === 'tcp' ? 'ltnp' : 'lunp'} sport = :${port}`;
}
