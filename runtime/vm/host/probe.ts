import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AcceleratorName, Architecture } from '../../contract/vocabulary.ts';
import { run } from '../../process/spawn.ts';
import { escapeComma } from '../devices/escapeComma.ts';

export interface ProbeResult {
  readonly works: boolean;
  /** Why not, for a person. */
  readonly detail: string;
  readonly elapsedMs: number;
}

/**
 * A boot sector takes 75 ms under TCG and less under a working accelerator. A broken KVM needs 1.5 to 2.3 s for it, or
 * aborts, while /dev/kvm opens and QMP answers as if nothing were wrong: only the time limit shows it.
 */
export const PROBE_BUDGET_MS = 400;

/** isa-debug-exit turns a byte b written to its port into exit code 2b+1. */
const EXIT_BYTE = 0x10;
const EXIT_CODE = EXIT_BYTE * 2 + 1;

/** mov dx,0xf4; mov al,EXIT_BYTE; out dx,al; hlt; then the boot signature. */
export function bootSector(): Buffer {
  const sector = Buffer.alloc(512);
  Buffer.from([0xba, 0xf4, 0x00, 0xb0, EXIT_BYTE, 0xee, 0xf4]).copy(sector);
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

/** movz w0,#0x0008; movk w0,#0x8400,lsl#16 (PSCI SYSTEM_OFF); hvc #0; b . */
export function armProgram(): Buffer {
  const words = [0x52800100, 0x72b08000, 0xd4000002, 0x14000000];
  const program = Buffer.alloc(words.length * 4);
  words.forEach((word, index) => {
    program.writeUInt32LE(word, index * 4);
  });
  return program;
}

export function probeArguments(architecture: Architecture, accelerator: AcceleratorName, program: string): string[] {
  const common = [
    '-m',
    '16',
    '-accel',
    accelerator,
    '-display',
    'none',
    '-nodefaults',
    '-no-user-config',
    '-no-reboot',
  ];
  const cpu = ['-cpu', accelerator === 'tcg' ? 'max' : 'host'];
  return architecture === 'x86_64'
    ? [
        ...['-machine', 'pc', ...common, ...cpu, '-drive', `file=${escapeComma(program)},format=raw,if=ide`],
        ...['-device', 'isa-debug-exit,iobase=0xf4,iosize=1'],
      ]
    : [
        '-machine',
        'virt',
        ...common,
        ...cpu,
        '-device',
        `loader,file=${escapeComma(program)},addr=0x40200000,cpu-num=0,force-raw=on`,
      ];
}

/** Runs the smallest possible guest under an accelerator, within a budget. */
export async function probeAccelerator(
  binary: string,
  architecture: Architecture,
  accelerator: AcceleratorName,
): Promise<ProbeResult> {
  const folder = await mkdtemp(join(tmpdir(), 'castra-probe-'));
  const started = performance.now();
  try {
    const program = join(folder, 'program');
    await writeFile(program, architecture === 'x86_64' ? bootSector() : armProgram());
    const result = await run(binary, probeArguments(architecture, accelerator, program), {
      timeoutMs: PROBE_BUDGET_MS,
    });
    const elapsedMs = Math.round(performance.now() - started);
    if (result.code === (architecture === 'x86_64' ? EXIT_CODE : 0)) return { works: true, detail: '', elapsedMs };
    const said = result.stderr.trim().split('\n').at(-1);
    const timedOut = `a boot sector did not finish within ${PROBE_BUDGET_MS} ms`;
    return {
      works: false,
      detail: result.signal === 'SIGKILL' ? timedOut : said || `QEMU ended with code ${result.code}`,
      elapsedMs,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
