import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DiagnosticCode } from '../../contract/diagnosticCodes.ts';
import type { Diagnostic } from '../../contract/diagnostics.ts';
import { CastraError } from '../../contract/failures.ts';
import type { HostSettings } from '../../contract/project.ts';
import type { Architecture } from '../../contract/vocabulary.ts';
import { findExecutable, run } from '../../process/spawn.ts';

/** The QEMU programs of this host. */
export interface QemuPrograms {
  readonly system: string;
  readonly image: string;
  readonly architecture: Architecture;
}

/** What one QEMU build can do, asked of it. */
export interface QemuBuild {
  readonly version: string;
  /** Compiled in; that says nothing about whether they work here (probe.ts). */
  readonly accelerators: readonly string[];
  /** Built with seccomp. */
  readonly sandbox: boolean;
}

/** Finds QEMU or fails with `preflight-failed`, naming the command that installs it on this system. */
export function findQemu(settings: HostSettings): QemuPrograms {
  if (process.platform === 'win32') throw new CastraError({ kind: 'preflight-failed', problems: [noWindows] });
  const wanted = settings.qemu ?? `qemu-system-${hostArchitecture()}`;
  const system = findExecutable(wanted);
  if (system === undefined) {
    const where = wanted.includes('/') ? `${wanted} is not an executable file` : `${wanted} is not on PATH`;
    throw missing('host/qemu-missing', settings.qemu === undefined ? where : `CASTRA_QEMU: ${where}`);
  }
  const image = findQemuImage(settings);
  if (image === undefined) throw missing('host/qemu-img-missing', 'qemu-img is not on PATH');
  return { system, image, architecture: architectureOf(system) };
}

/** QEMU is controlled through Unix sockets, and its process is known by when it started. */
export const noWindows = {
  severity: 'error',
  code: 'host/windows',
  message: 'Virtual machines cannot run on Windows itself yet.',
  help: 'Open the project in WSL 2, where Castra runs as on Linux: in a terminal there, or with the extension WSL of VS Code.',
} as const satisfies Diagnostic;

/** qemu-img, preferably from the folder of a configured QEMU so that both are of one version. */
export function findQemuImage(settings: HostSettings): string | undefined {
  const system = settings.qemu === undefined ? undefined : findExecutable(settings.qemu);
  const sibling = system === undefined ? undefined : findExecutable(join(dirname(system), 'qemu-img'));
  return sibling ?? findExecutable('qemu-img');
}

export function hostArchitecture(): Architecture {
  return process.arch === 'arm64' ? 'aarch64' : 'x86_64';
}

/** A QEMU binary is named after the machine it emulates; any other name is taken for the host's. */
function architectureOf(binary: string): Architecture {
  const name = basename(realpathSync(binary));
  if (name.includes('aarch64')) return 'aarch64';
  return name.includes('x86_64') ? 'x86_64' : hostArchitecture();
}

function missing(code: DiagnosticCode, message: string): CastraError {
  const help = `Install it with: ${installCommand()}`;
  return new CastraError({
    kind: 'preflight-failed',
    problems: [{ severity: 'error', code, message: `QEMU is missing: ${message}.`, help }],
  });
}

/** The one command that installs QEMU, by the package manager that is there; on Windows, what is to have one. */
export function installCommand(): string {
  if (process.platform === 'win32') return 'wsl --install';
  const arm = hostArchitecture() === 'aarch64';
  const commands: readonly (readonly [string, string])[] = [
    ['apt-get', `sudo apt-get install ${arm ? 'qemu-system-arm qemu-efi-aarch64' : 'qemu-system-x86'} qemu-utils`],
    ['dnf', `sudo dnf install ${arm ? 'qemu-system-aarch64-core' : 'qemu-system-x86-core'} qemu-img`],
    ['pacman', `sudo pacman -S ${arm ? 'qemu-system-aarch64' : 'qemu-system-x86'} qemu-img`],
    ['zypper', `sudo zypper install ${arm ? 'qemu-arm' : 'qemu-x86'} qemu-tools`],
    ['apk', `sudo apk add qemu-system-${hostArchitecture()} qemu-img`],
    ['brew', 'brew install qemu'],
  ];
  const found = commands.find(([program]) => findExecutable(program));
  if (found) return found[1];
  return process.platform === 'darwin'
    ? 'brew install qemu (from https://brew.sh)'
    : 'your package manager (package "qemu")';
}

/** Long for a busy host; a program that is no QEMU, or on a disk that is gone, may never answer. */
const ANSWER_MS = 4000;

/** Asks a build what it can do: three runs of 20 ms at once. */
export async function describeBuild(system: string): Promise<QemuBuild> {
  const [version, accelerators, help] = await Promise.all([
    run(system, ['-version'], { timeoutMs: ANSWER_MS }),
    run(system, ['-accel', 'help'], { timeoutMs: ANSWER_MS }),
    run(system, ['-help'], { timeoutMs: ANSWER_MS }),
  ]);
  return {
    version: /version (\S+)/.exec(version.stdout)?.[1] ?? 'unknown',
    accelerators: accelerators.stdout
      .split('\n')
      .map((line) => line.trim().toLowerCase())
      .filter((line) => /^[a-z]+$/.test(line)),
    sandbox: help.stdout.includes('-sandbox on'),
  };
}

/** Differs for every build that ever stood at the path. */
export function buildStamp(system: string): string {
  const { size, mtimeMs, ino } = statSync(system);
  return `${realpathSync(system)}:${size}:${mtimeMs}:${ino}`;
}
