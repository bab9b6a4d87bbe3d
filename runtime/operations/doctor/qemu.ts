import type { DoctorFinding } from '../../contract/doctor.ts';
import { CastraError } from '../../contract/failures.ts';
import type { Architecture } from '../../contract/vocabulary.ts';
import { findExecutable, run } from '../../process/spawn.ts';
import { findUefi } from '../../vm/host/firmware.ts';
import {
  describeBuild,
  findQemu,
  findQemuImage,
  hostArchitecture,
  installCommand,
  noWindows,
} from '../../vm/host/qemu.ts';
import { type Check, fine, problem } from './finding.ts';

const architectures: readonly Architecture[] = ['x86_64', 'aarch64'];

/** The QEMU that `up` would take, qemu-img, what else there is, and UEFI for each. */
export const checkQemu: Check = async ({ settings }) => {
  if (process.platform === 'win32') return [problem('error', 'qemu.system', noWindows.message, noWindows.help)];
  const wanted = settings.qemu ?? `qemu-system-${hostArchitecture()}`;
  const system = findExecutable(wanted);
  const others = architectures.filter((architecture) => findExecutable(`qemu-system-${architecture}`) !== system);
  const results = await Promise.all([
    describeMain(wanted, system, () => findQemu(settings)),
    describeImage(findQemuImage(settings)),
    ...others.map(describeOther),
    ...architectures.map((architecture) => describeFirmware(architecture, system)),
  ]);
  return results.flat();
};

async function describeMain(wanted: string, system: string | undefined, find: () => unknown): Promise<DoctorFinding[]> {
  if (system === undefined) {
    const [message, fix] = explainMissing(find);
    return [problem('error', 'qemu.system', message, fix, { wanted })];
  }
  const { version, accelerators, sandbox } = await describeBuild(system);
  const details = { path: system, version, accelerators: accelerators.join(','), sandbox };
  if (version === 'unknown') {
    const message = `${system} does not print its version: it may not be QEMU, or may be broken.`;
    return [problem('error', 'qemu.system', message, `Run \`${system} -version\` to see why.`, details)];
  }
  return [fine('qemu.system', `QEMU ${version} (${system})`, details)];
}

/** As `up` would say it. */
function explainMissing(find: () => unknown): readonly [message: string, fix: string] {
  try {
    find();
  } catch (error) {
    const failure = error instanceof CastraError ? error.failure : undefined;
    const first = failure?.kind === 'preflight-failed' ? failure.problems[0] : undefined;
    if (first) return [first.message, first.help ?? ''];
  }
  return ['QEMU is missing.', `Install it with: ${installCommand()}`];
}

async function describeImage(path: string | undefined): Promise<DoctorFinding[]> {
  const fix = `Install it with: ${installCommand()}`;
  if (path === undefined) return [problem('error', 'qemu.image', 'qemu-img is not on PATH.', fix)];
  const { stdout } = await run(path, ['--version'], { timeoutMs: ANSWER_MS });
  const version = /version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
  return [fine('qemu.image', `qemu-img ${version} (${path})`, { path, version })];
}

/** Of the architecture that this host has not: guests of it can only be emulated. */
async function describeOther(architecture: Architecture): Promise<DoctorFinding[]> {
  const path = findExecutable(`qemu-system-${architecture}`);
  if (path === undefined) {
    const message = `qemu-system-${architecture} is not installed; guests of that architecture cannot run.`;
    return [problem('info', 'qemu.other', message, 'Install it only if you need such guests.', { architecture })];
  }
  const { version } = await describeBuild(path);
  return [fine('qemu.other', `QEMU ${version} for ${architecture} (${path})`, { architecture, path, version })];
}

/** aarch64 boots with nothing else, so there it is a must. */
function describeFirmware(architecture: Architecture, system: string | undefined): DoctorFinding[] {
  const binary =
    findExecutable(`qemu-system-${architecture}`) ?? (architecture === hostArchitecture() ? system : undefined);
  if (binary === undefined) return [];
  const build = findUefi(binary, architecture);
  const check = 'qemu.firmware';
  if (build) return [fine(check, `UEFI for ${architecture} (${build.code})`, { architecture, path: build.code })];
  const needed = architecture === 'aarch64' && hostArchitecture() === 'aarch64';
  const packages = architecture === 'aarch64' ? 'qemu-efi-aarch64 or edk2-aarch64' : 'ovmf or edk2-ovmf';
  const message = `No UEFI firmware for ${architecture} is installed${architecture === 'x86_64' ? '; VMs with firmware = "uefi" cannot start' : ''}.`;
  return [problem(needed ? 'error' : 'info', check, message, `Install the package ${packages}.`, { architecture })];
}

/** A program that only prints its version answers in milliseconds. */
const ANSWER_MS = 3000;
