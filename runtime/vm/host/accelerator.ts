import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AcceleratorChoice, AcceleratorName } from '../../contract/vocabulary.ts';
import { bootId } from '../../process/identity.ts';
import { ensurePrivateDirectory, readJsonIfAny, writeFileAtomic } from '../../state/files.ts';
import { type ProbeResult, probeAccelerator } from './probe.ts';
import { buildStamp, describeBuild, type QemuBuild, type QemuPrograms } from './qemu.ts';

/** QEMU on this host: what the build says, and how to find out which accelerator works. */
export interface QemuHost {
  readonly programs: QemuPrograms;
  readonly build: QemuBuild;
  /** Probed at most once per boot of the host and build of QEMU. */
  probe(accelerator: AcceleratorName): Promise<ProbeResult>;
}

export interface SelectedAccelerator {
  readonly accelerator: AcceleratorName;
  readonly reason: string;
}

/** `castra/qemu.json`: one QEMU build's answers. Safe to delete; anything unexpected in it is asked again. */
interface Cached {
  readonly stamp: string;
  readonly bootId: string;
  readonly build: QemuBuild;
  readonly probes: Partial<Record<AcceleratorName, ProbeResult>>;
}

export async function openQemuHost(programs: QemuPrograms, cachePath: string): Promise<QemuHost> {
  const stamp = buildStamp(programs.system);
  const known = readCache(cachePath, stamp);
  const build = known?.build ?? (await describeBuild(programs.system));
  const probes: Partial<Record<AcceleratorName, ProbeResult>> = { ...known?.probes };
  // A program that did not answer in time is asked again.
  const save = () => {
    if (build.version !== 'unknown') saveCache(cachePath, { stamp, bootId: bootId(), build, probes });
  };
  if (!known) save();
  return {
    programs,
    build,
    async probe(accelerator) {
      const result =
        probes[accelerator] ?? (await probeAccelerator(programs.system, programs.architecture, accelerator));
      if (probes[accelerator] === undefined) {
        probes[accelerator] = result;
        save();
      }
      return result;
    },
  };
}

/**
 * The accelerator to start with. An explicit choice is taken as it is: QEMU says what is wrong with it. `auto` takes
 * the platform's own one only when a guest was seen to run under it, else TCG, and says why.
 */
export async function selectAccelerator(choice: AcceleratorChoice, host: QemuHost): Promise<SelectedAccelerator> {
  if (choice !== 'auto') return { accelerator: choice, reason: 'configured' };
  const candidate = platformAccelerator(process.platform);
  const obstacle =
    candidate === undefined ? 'Castra knows no accelerator for this platform' : await findObstacle(candidate, host);
  if (candidate === undefined || obstacle !== undefined) {
    return { accelerator: 'tcg', reason: obstacle ?? 'no accelerator' };
  }
  return { accelerator: candidate, reason: 'a test guest runs under it' };
}

export function platformAccelerator(platform: NodeJS.Platform): AcceleratorName | undefined {
  const accelerators: Partial<Record<NodeJS.Platform, AcceleratorName>> = {
    linux: 'kvm',
    darwin: 'hvf',
    win32: 'whpx',
  };
  return accelerators[platform];
}

/** Why an accelerator is of no use here; undefined when a guest runs under it. */
export async function findObstacle(candidate: AcceleratorName, host: QemuHost): Promise<string | undefined> {
  if (!host.build.accelerators.includes(candidate)) return `this QEMU was built without ${candidate}`;
  if (host.programs.architecture !== (process.arch === 'arm64' ? 'aarch64' : 'x86_64')) {
    return `${candidate} cannot run ${host.programs.architecture} guests on this host`;
  }
  if (candidate === 'kvm' && process.arch === 'x64' && !hasVirtualizationFlag(readCpuinfo())) {
    return 'the processor has no virtualization (neither vmx nor svm in /proc/cpuinfo)';
  }
  const probe = await host.probe(candidate);
  return probe.works ? undefined : `${candidate} does not work here: ${probe.detail}`;
}

/** A kernel may offer /dev/kvm without the processor's help; guests then hang. */
export function hasVirtualizationFlag(cpuinfo: string): boolean {
  return /^flags\s*:.*\b(?:vmx|svm)\b/m.test(cpuinfo);
}

function readCpuinfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}

function readCache(path: string, stamp: string): Cached | undefined {
  const value = readJsonIfAny(path) as Partial<Cached> | undefined | null;
  const usable = value?.stamp === stamp && value.bootId === bootId();
  const complete = Array.isArray(value?.build?.accelerators) && typeof value?.probes === 'object';
  return usable && complete ? (value as Cached) : undefined;
}

/** Best effort: without a cache the next `up` asks again. */
function saveCache(path: string, cached: Cached): void {
  try {
    ensurePrivateDirectory(dirname(path));
    writeFileAtomic(path, JSON.stringify(cached));
  } catch {
    // A full disk is reported where it matters, by the preflight.
  }
}
