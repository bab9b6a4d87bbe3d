import { stripVTControlCharacters } from 'node:util';
import { type Phase, phases } from '../../contract/vocabulary.ts';

/** Something seen of a starting VM from outside. */
export type Observation =
  /** QMP says that the processors run. */
  | { readonly kind: 'machine-running' }
  | { readonly kind: 'serial'; readonly text: string }
  /** QMP NIC_RX_FILTER_CHANGED: the guest's driver set up its network card. */
  | { readonly kind: 'network-card' }
  /** The guest itself refused a TCP connection: its network is up, but no server listens yet. */
  | { readonly kind: 'connection-refused' }
  /** The guest itself took one. */
  | { readonly kind: 'connection-taken' };

/** A state in which a boot is stuck, recognised by what stands on the console. */
export interface RecognizedStop {
  readonly explanation: string;
  /** It does not go on by itself, so waiting longer is of no use. */
  readonly final: boolean;
}

export interface BootEvidence {
  readonly phase: Phase;
  /** The end of the serial output, without control sequences. */
  readonly serial: string;
  readonly stop?: RecognizedStop;
}

export const noEvidence: BootEvidence = { phase: 'qemu', serial: '' };

/**
 * Enough for a regex over some screens of output, and a bound on what a chatty guest costs. More than followFile reads
 * at once (64 KiB), so that nothing is dropped before it was searched.
 */
const KEPT_CHARACTERS = 80 * 1024;

const kernelTraces =
  /Linux version|^\[ *\d+\.\d{4,6}\]|Starting kernel|Decompressing Linux|OpenRC|systemd\[1\]|login: *$/m;

const stops: readonly {
  readonly pattern: RegExp;
  readonly final: boolean;
  readonly explain: (found: string) => string;
}[] = [
  {
    pattern: /Kernel panic - not syncing:? ?(.*)/,
    final: true,
    explain: (found) => `the guest's kernel panicked (${found.trim() || 'no reason given'})`,
  },
  {
    pattern: /(grub(?: rescue)?>) *$/,
    final: true,
    explain: (found) => `the boot loader stopped at its "${found}" prompt: it found no system on this disk`,
  },
  {
    pattern: /\(initramfs\) *$/,
    final: true,
    explain: () => 'the kernel runs but found no root filesystem: it stopped at the "(initramfs)" prompt',
  },
  {
    pattern: /No bootable device|not a bootable disk|BdsDxe: No bootable option|^Shell> *$/m,
    final: true,
    explain: () =>
      'the firmware found nothing to boot: check that `base_image` is a bootable disk and that `firmware` matches it',
  },
  {
    pattern: /emergency mode|press Enter for maintenance|Give root password/i,
    final: true,
    explain: () => 'the guest stopped in its emergency shell',
  },
  {
    pattern: /login: *$/,
    final: false,
    explain: () => 'the serial console shows a login prompt, so the guest is up, but no SSH server answers',
  },
];

/** Takes one observation into account. Phases only ever go forward. */
export function observe(evidence: BootEvidence, observation: Observation): BootEvidence {
  switch (observation.kind) {
    case 'machine-running':
      return advance(evidence, 'firmware');
    case 'network-card':
    case 'connection-refused':
    case 'connection-taken':
      return advance(evidence, 'network');
    case 'serial':
      return observeSerial(evidence, observation.text);
  }
}

function observeSerial(evidence: BootEvidence, text: string): BootEvidence {
  const serial = (evidence.serial + plainText(text)).slice(-KEPT_CHARACTERS);
  const stop = recognizeStop(serial);
  const seen: BootEvidence = { phase: evidence.phase, serial, ...(stop ? { stop } : {}) };
  return kernelTraces.test(serial) ? advance(seen, 'kernel') : seen;
}

/** Without control sequences; what a terminal would overwrite (a lone carriage return) stands on a line of its own. */
function plainText(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\r+\n/g, '\n').replaceAll(/\r+/g, '\n');
}

function recognizeStop(serial: string): RecognizedStop | undefined {
  const recent = serial.slice(-2048);
  for (const { pattern, final, explain } of stops) {
    const match = pattern.exec(recent);
    if (match) return { final, explanation: explain(match[1] ?? '') };
  }
  return undefined;
}

function advance(evidence: BootEvidence, phase: Phase): BootEvidence {
  return phases.indexOf(phase) > phases.indexOf(evidence.phase) ? { ...evidence, phase } : evidence;
}

/** Why a VM that is not ready is where it is: a recognised stop, or the last thing that was proven. */
export function explain(evidence: BootEvidence): string {
  if (evidence.stop) return evidence.stop.explanation;
  switch (evidence.phase) {
    case 'image':
    case 'overlay':
    case 'qemu':
      return 'QEMU runs, but has not started the guest';
    case 'firmware':
      return evidence.serial.trim() === ''
        ? 'the serial console is empty since the start (does the guest use ttyS0?)'
        : 'the firmware or boot loader wrote to the serial console, but no kernel did';
    case 'kernel':
      return 'the kernel runs, but the guest has not set up its network card';
    case 'network':
      return 'the guest has set up its network card, but no SSH server answers';
    case 'ready':
      return 'it was ready';
  }
}

/** The last lines that say something, for messages. */
export function lastLines(serial: string, count: number): string[] {
  return serial
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-count);
}
