import type { DoctorFinding } from '../../contract/doctor.ts';
import type { AcceleratorName } from '../../contract/vocabulary.ts';
import { readJsonIfAny } from '../../state/files.ts';
import { homeFiles } from '../../state/layout.ts';
import { findObstacle, platformAccelerator, type QemuHost } from '../../vm/host/accelerator.ts';
import { type ProbeResult, probeAccelerator } from '../../vm/host/probe.ts';
import { describeBuild, findQemu, type QemuPrograms } from '../../vm/host/qemu.ts';
import { type Check, type Examined, fine, problem } from './finding.ts';

/** Emulation, as the floor, then the platform's own accelerator: one after the other, for both measure time. */
export const checkAccelerators: Check = async ({ settings }) => {
  const programs = findPrograms(settings);
  if (programs === undefined) return [];
  const host = await openFresh(programs);
  // It said nothing; the check of QEMU reports that.
  if (host.build.version === 'unknown') return [];
  const tcg = describeTcg(await host.probe('tcg'));
  const candidate = platformAccelerator(process.platform);
  return candidate === undefined ? [tcg] : [tcg, await describeNative(candidate, host, settings.home)];
};

/** The check of QEMU reports what is missing. */
function findPrograms(settings: Examined['settings']): QemuPrograms | undefined {
  try {
    return findQemu(settings);
  } catch {
    return undefined;
  }
}

/** Asks QEMU now: an answer that `up` remembers from a busy moment is what one wants to find here. */
async function openFresh(programs: QemuPrograms): Promise<QemuHost> {
  const probes = new Map<AcceleratorName, Promise<ProbeResult>>();
  return {
    programs,
    build: await describeBuild(programs.system),
    probe(accelerator) {
      const probe = probes.get(accelerator) ?? probeAccelerator(programs.system, programs.architecture, accelerator);
      probes.set(accelerator, probe);
      return probe;
    },
  };
}

function describeTcg({ works, detail, elapsedMs }: ProbeResult): DoctorFinding {
  const details = { accelerator: 'tcg', works, elapsedMs };
  if (works) return fine('accelerator.tcg', `tcg (emulation) runs a guest: a boot sector in ${elapsedMs} ms`, details);
  const fix = 'If this host is busy, close other programs. Otherwise reinstall QEMU.';
  return problem('warning', 'accelerator.tcg', `tcg (emulation) failed its probe: ${detail}.`, fix, details);
}

async function describeNative(accelerator: AcceleratorName, host: QemuHost, home: string): Promise<DoctorFinding> {
  const check = `accelerator.${accelerator}`;
  const isBuiltIn = host.build.accelerators.includes(accelerator);
  const obstacle = await findObstacle(accelerator, host);
  // Also where the obstacle is known without it: what the probe says often names the cause better.
  const probe = isBuiltIn ? await host.probe(accelerator) : undefined;
  const elapsedMs = probe?.elapsedMs;
  const details = { accelerator, works: obstacle === undefined, ...(elapsedMs === undefined ? {} : { elapsedMs }) };
  if (obstacle !== undefined) {
    const said = probe && !probe.works && !obstacle.includes(probe.detail) ? `; its probe: ${probe.detail}` : '';
    const took = elapsedMs === undefined ? '' : ` (${elapsedMs} ms)`;
    const message = `${accelerator.toUpperCase()} cannot be used: ${obstacle}${said}${took}. VMs use emulation, which is slow.`;
    return problem('warning', check, message, adviceFor(accelerator), details);
  }
  const cache = homeFiles(home).qemuCache;
  if (remembersFailure(cache, accelerator)) {
    const message = `${accelerator} works, but Castra remembers an earlier failed probe until the next boot.`;
    return problem('warning', check, message, `Delete ${cache}, so that the next \`castra up\` probes again.`, details);
  }
  return fine(check, `${accelerator} runs a guest: a boot sector in ${elapsedMs} ms`, details);
}

function remembersFailure(cachePath: string, accelerator: AcceleratorName): boolean {
  const cached = readJsonIfAny(cachePath) as { probes?: Record<string, { works?: unknown }> } | null | undefined;
  return cached?.probes?.[accelerator]?.works === false;
}

function adviceFor(accelerator: AcceleratorName): string {
  switch (accelerator) {
    case 'kvm':
      return 'Enable virtualization in the firmware setup (on a cloud host: nested virtualization), load kvm_intel or kvm_amd, and join the group that owns /dev/kvm. To confirm emulation, set `accelerator = "tcg"`.';
    case 'hvf':
      return 'Use a QEMU for the architecture of this Mac, such as the one of Homebrew.';
    case 'whpx':
      return 'Enable "Windows Hypervisor Platform" in the Windows features.';
    case 'tcg':
      return 'Reinstall QEMU.';
  }
}
