import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { CastraError } from '../errors.ts';
import type { AcceleratorChoice, HostSettings } from '../options.ts';

const choices: readonly AcceleratorChoice[] = ['auto', 'kvm', 'hvf', 'whpx', 'tcg'];

export function isAcceleratorChoice(text: string): text is AcceleratorChoice {
  return (choices as readonly string[]).includes(text);
}

/** Reads CASTRA_HOME, CASTRA_QEMU and CASTRA_ACCELERATOR; an empty variable counts as unset. */
export function readSettings(env: Readonly<Record<string, string | undefined>>): HostSettings {
  const accelerator = env.CASTRA_ACCELERATOR?.trim().toLowerCase();
  if (accelerator && !isAcceleratorChoice(accelerator)) {
    throw new CastraError({
      kind: 'usage',
      detail: `CASTRA_ACCELERATOR is "${accelerator}"; it must be one of ${choices.join(', ')}.`,
    });
  }
  return {
    home: env.CASTRA_HOME ? resolve(env.CASTRA_HOME) : join(homedir(), '.castra'),
    ...(env.CASTRA_QEMU ? { qemu: env.CASTRA_QEMU } : {}),
    ...(accelerator && isAcceleratorChoice(accelerator) ? { accelerator } : {}),
  };
}
