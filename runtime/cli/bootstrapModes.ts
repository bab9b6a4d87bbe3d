import { InvalidArgumentError } from 'commander';
import type { BootstrapMode } from '../config/project.ts';
import { bootstrapModeOf } from '../config/vms/bootstrapMode.ts';
import type { BootstrapModes } from '../contract/bootstrap.ts';
import { CastraError } from '../contract/failures.ts';

/** One item of `--bootstrap`. */
interface ModeItem {
  /** A VM or role; all without it. */
  readonly vm?: string;
  readonly mode: BootstrapMode;
}

export function parseMode(text: string): BootstrapMode {
  const mode = bootstrapModeOf(text.trim());
  if (mode !== undefined) return mode;
  throw new InvalidArgumentError('It must be "auto", "always" or "skip".');
}

/** `MODE`, `VM=MODE` or `VM:MODE`, several after commas; the option can be repeated. */
export function parseModes(text: string, before: readonly ModeItem[] = []): readonly ModeItem[] {
  return [...before, ...text.split(',').map((item) => parseItem(item.trim()))];
}

function parseItem(item: string): ModeItem {
  if (item === '') throw new InvalidArgumentError('An item of it is empty.');
  const sign = item.includes('=') ? '=' : ':';
  const at = item.indexOf(sign);
  if (at < 0) return { mode: parseMode(item) };
  const vm = item.slice(0, at).trim();
  if (vm === '') throw new InvalidArgumentError(`"${item}" names no VM.`);
  return { vm, mode: parseMode(item.slice(at + 1)) };
}

/** Fails with `bootstrap-refused` when items contradict each other. */
export function mergeModes(items: readonly ModeItem[]): BootstrapModes {
  let all: BootstrapMode | undefined;
  const vms = new Map<string, BootstrapMode>();
  for (const { vm, mode } of items) {
    const known = vm === undefined ? all : vms.get(vm);
    if (known !== undefined && known !== mode) {
      const detail = `--bootstrap says both "${known}" and "${mode}" for ${vm ?? 'all VMs'}.`;
      throw new CastraError({ kind: 'bootstrap-refused', detail });
    }
    if (vm === undefined) all = mode;
    else vms.set(vm, mode);
  }
  return { ...(all === undefined ? {} : { all }), vms: Object.fromEntries(vms) };
}
