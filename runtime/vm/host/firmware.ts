import { chmodSync, copyFileSync, existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Architecture } from '../../contract/vocabulary.ts';
import { readJsonIfAny } from '../../state/files.ts';
import { FILE_MODE } from '../../state/layout.ts';

/** A UEFI build on this host: its code, and the template of its variable store. */
export interface UefiBuild {
  readonly code: string;
  readonly varsTemplate: string;
}

/** Where QEMU's firmware descriptors stand (docs/interop/firmware.json): later folders are the distribution's. */
function descriptorFolders(qemuBinary: string): string[] {
  return ['/etc/qemu/firmware', resolve(dirname(qemuBinary), '../share/qemu/firmware'), '/usr/share/qemu/firmware'];
}

/** The first flash-mapped UEFI for the architecture that needs no Secure Boot; undefined when none is installed. */
export function findUefi(qemuBinary: string, architecture: Architecture): UefiBuild | undefined {
  for (const folder of descriptorFolders(qemuBinary)) {
    for (const name of listJson(folder)) {
      const build = readDescriptor(readJsonIfAny(join(folder, name)), architecture);
      // Debian ships descriptors of builds that it does not package.
      if (build && existsSync(build.code) && existsSync(build.varsTemplate)) return build;
    }
  }
  return undefined;
}

/** A fresh variable store for one run: a throw-away like the overlay. */
export function prepareVars(build: UefiBuild, path: string): void {
  copyFileSync(build.varsTemplate, path);
  chmodSync(path, FILE_MODE);
}

/** Descriptors are tried in the order of their names, as QEMU's document asks. */
function listJson(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort();
  } catch {
    return [];
  }
}

interface Descriptor {
  readonly 'interface-types'?: readonly string[];
  readonly mapping?: {
    readonly device?: string;
    readonly executable?: { readonly filename?: string };
    readonly 'nvram-template'?: { readonly filename?: string };
  };
  readonly targets?: readonly { readonly architecture?: string }[];
  readonly features?: readonly string[];
}

export function readDescriptor(value: unknown, architecture: Architecture): UefiBuild | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const descriptor = value as Descriptor;
  const code = descriptor.mapping?.executable?.filename;
  const varsTemplate = descriptor.mapping?.['nvram-template']?.filename;
  const suitable =
    descriptor['interface-types']?.includes('uefi') &&
    descriptor.mapping?.device === 'flash' &&
    descriptor.targets?.some((target) => target.architecture === architecture) &&
    !descriptor.features?.includes('requires-smm') &&
    !descriptor.features?.some((feature) => feature === 'secure-boot' || feature === 'enrolled-keys');
  return suitable && code && varsTemplate ? { code, varsTemplate } : undefined;
}
