import type { DiagnosticCode } from '../../contract/diagnosticCodes.ts';
import type { Diagnostic } from '../../contract/diagnostics.ts';
import type { DoctorFinding } from '../../contract/doctor.ts';
import { freeDiskBytes, readCapacity } from '../../process/host.ts';
import { findExecutable, run } from '../../process/spawn.ts';
import { inspectVm } from '../../state/liveness.ts';
import { checkCapacity } from '../../vm/host/preflight.ts';
import { type Check, type Examined, fine, problem } from './finding.ts';

/** As package.json says in `engines`. */
const REQUIRED_NODE = [20, 19] as const;
const ANSWER_MS = 3000;
const MIB = 1024 * 1024;

export const checkPrograms: Check = async () => [checkNode(process.versions.node), ...checkFlock(), await checkSsh()];

export function checkNode(version: string): DoctorFinding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNew = major > REQUIRED_NODE[0] || (major === REQUIRED_NODE[0] && minor >= REQUIRED_NODE[1]);
  const details = { version, path: process.execPath };
  if (isNew) return fine('host.node', `Node ${version}`, details);
  const needed = REQUIRED_NODE.join('.');
  return problem('error', 'host.node', `Node ${version} is too old.`, `Install Node ${needed} or newer.`, details);
}

/** Only Linux has no other way to lock (state/lock.ts). */
function checkFlock(): DoctorFinding[] {
  if (process.platform !== 'linux') return [];
  const path = findExecutable('flock');
  if (path !== undefined) return [fine('host.flock', `flock (${path})`, { path })];
  const message = 'flock(1) is not on PATH. Commands that change a project need it.';
  return [problem('error', 'host.flock', message, 'Install the package util-linux.')];
}

async function checkSsh(): Promise<DoctorFinding> {
  const path = findExecutable('ssh');
  if (path === undefined) {
    const message = 'ssh is not on PATH.';
    return problem(
      'info',
      'host.ssh',
      message,
      'Install the OpenSSH client (openssh-client, openssh-clients or openssh).',
    );
  }
  const { stderr } = await run(path, ['-V'], { timeoutMs: ANSWER_MS });
  const version = /^\S+/.exec(stderr)?.[0]?.replace(/,$/, '') ?? 'unknown';
  return fine('host.ssh', `ssh: ${version} (${path})`, { path, version });
}

/** What is free, against what the project's VMs that do not run yet want. */
export const checkCapacities: Check = async ({ settings, place, project }) => {
  const capacity = readCapacity();
  const demand = demandOf(project);
  const folders = [...new Set([settings.home, ...(place ? [place.stateRoot] : [])])];
  const disks = await Promise.all(folders.map(async (path) => ({ path, freeBytes: await freeDiskBytes(path) })));
  const availableMiB = Math.floor(capacity.availableMemoryBytes / MIB);
  const problems = checkCapacity(demand, capacity, []);
  const wants = project ? `; the VMs want ${demand.cpus}` : '';
  const wantsMemory = project ? `; the stopped VMs need ${demand.memoryMiB} MiB` : '';
  return [
    judge('host.cpus', problems, 'host/cpus', `${capacity.cpus} processors${wants}`, {
      cpus: capacity.cpus,
      wanted: demand.cpus,
    }),
    judge('host.memory', problems, 'host/memory', `${availableMiB} MiB of memory available${wantsMemory}`, {
      availableMiB,
      wantedMiB: demand.memoryMiB,
    }),
    ...disks.map((disk) => {
      const found = checkCapacity({ cpus: 0, memoryMiB: 0 }, capacity, [disk]);
      const free = `${Math.floor(disk.freeBytes / MIB)} MiB free on the disk of ${disk.path}`;
      return judge('host.disk', found, 'host/disk', free, { ...disk });
    }),
  ];
};

function demandOf(project: Examined['project']): { cpus: number; memoryMiB: number } {
  const vms = project?.vms ?? [];
  const isStopped = (vm: string) => inspectVm(project?.stateRoot ?? '', vm).kind !== 'running';
  return {
    cpus: vms.reduce((sum, { cpus }) => sum + cpus, 0),
    memoryMiB: vms.reduce((sum, { name, memoryMiB }) => sum + (isStopped(name) ? memoryMiB : 0), 0),
  };
}

/** The preflight's own words, so that doctor and `up` never disagree. */
function judge(
  check: string,
  diagnostics: readonly Diagnostic[],
  code: DiagnosticCode,
  otherwise: string,
  details: DoctorFinding['details'],
): DoctorFinding {
  const found = diagnostics.find((diagnostic) => diagnostic.code === code);
  if (!found) return fine(check, otherwise, details);
  const fix = found.help ?? 'Start fewer VMs at once, or free some of it.';
  return problem(found.severity, check, found.message, fix, details);
}
