import type { HostProblem } from '../../config/project.ts';
import type { HostCapacity } from '../../process/host.ts';
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
  /** Which of the VMs to start wants most of each. */
  readonly most?: { readonly cpus: string; readonly memory: string };
}

export interface DiskSpace {
  readonly path: string;
  readonly freeBytes: number;
}

/** Capacity problems can be forced; a taken port cannot: QEMU would fail on it anyway. */
export function checkCapacity(demand: Demand, capacity: HostCapacity, disks: readonly DiskSpace[]): HostProblem[] {
  return [
    ...checkCpus(demand, capacity.cpus).map((problem) => ofVm(problem, 'cpus', demand)),
    ...checkMemory(demand.memoryMiB, capacity).map((problem) => ofVm(problem, 'memory', demand)),
    ...disks.flatMap(checkDisk),
  ];
}

/** Lowering what the largest of them asks for is the nearest remedy. */
function ofVm(problem: HostProblem, key: 'cpus' | 'memory', { most }: Demand): HostProblem {
  return most ? { ...problem, about: { vm: most[key], key } } : problem;
}

/** `--force`: the same findings, none of which stops the start. */
export function downgrade(findings: readonly HostProblem[]): HostProblem[] {
  return findings.map((finding) => {
    if (finding.severity !== 'error') return finding;
    const { code, about } = finding;
    const message = `${finding.message.replace(/\.$/, '')}; continuing because of --force.`;
    return { severity: 'warning', code, message, ...(about ? { about } : {}) };
  });
}

function checkCpus({ cpus: wanted }: Demand, cpus: number): HostProblem[] {
  const message = `The VMs need ${wanted} processors together; this host has ${cpus}.`;
  const help = 'Lower `cpus`, start fewer VMs, or pass --force to let them share the processors.';
  if (wanted > cpus) return [{ severity: 'error', code: 'host/cpus', message, help }];
  const heavy = wanted > cpus * CPU_WARN_RATIO && wanted > 1;
  return heavy
    ? [{ severity: 'warning', code: 'host/cpus', message: `${message.replace(/\.$/, '')}, so little is left for it.` }]
    : [];
}

function checkMemory(wantedMiB: number, { availableMemoryBytes }: HostCapacity): HostProblem[] {
  const left = availableMemoryBytes - wantedMiB * MIB;
  const numbers = `The VMs need ${wantedMiB} MiB together; ${Math.floor(availableMemoryBytes / MIB)} MiB are available`;
  const help = 'Lower `memory`, start fewer VMs, close other programs, or pass --force.';
  if (left < MEMORY_HEADROOM.refuse) {
    return [{ severity: 'error', code: 'host/memory', message: `${numbers}, and 512 MiB must remain.`, help }];
  }
  return left < MEMORY_HEADROOM.warn
    ? [{ severity: 'warning', code: 'host/memory', message: `${numbers}: that is tight.` }]
    : [];
}

function checkDisk({ path, freeBytes }: DiskSpace): HostProblem[] {
  const message = `Only ${Math.floor(freeBytes / MIB)} MiB are free on the disk of ${path}`;
  const help = 'Free some space, move `project.state_dir` or CASTRA_HOME to another disk, or pass --force.';
  if (freeBytes < FREE_DISK.refuse) {
    return [{ severity: 'error', code: 'host/disk', message: `${message}; 500 MiB are needed.`, help }];
  }
  return freeBytes < FREE_DISK.warn ? [{ severity: 'warning', code: 'host/disk', message: `${message}.` }] : [];
}

export function checkPorts(claims: readonly PortClaim[]): HostProblem[] {
  return claims.flatMap((claim): HostProblem[] => {
    if (claim.kind === 'free') return [];
    const { vm, ...forward } = claim.forward;
    const { bind, host, guest, protocol } = forward;
    return [
      {
        severity: 'error',
        code: 'host/port-taken',
        message: `${vm}: port ${bind}:${host}/${protocol} (to guest port ${guest}) cannot be used: ${claim.detail}.`,
        help: `Choose another \`host\` port, or \`host = 0\` for any free one; \`${listCommand(protocol, host)}\` shows which program uses it.`,
        about: { vm, forward },
      },
    ];
  });
}

function listCommand(protocol: 'tcp' | 'udp', port: number): string {
  if (process.platform === 'darwin') return `lsof -nP -i ${protocol}:${port}`;
  return `ss -${protocol === 'tcp' ? 'ltnp' : 'lunp'} sport = :${port}`;
}
