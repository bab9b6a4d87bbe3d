import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Architecture } from '../../contract/vocabulary.ts';
import { writeFileAtomic } from '../../state/files.ts';

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
      const build = readDescriptor(readJson(join(folder, name)), architecture);
      // Debian ships descriptors of builds that it does not package.
      if (build && existsSync(build.code) && existsSync(build.varsTemplate)) return build;
    }
  }
  return undefined;
}

/** A fresh variable store for one run: a throw-away like the overlay. */
export function prepareVars(build: UefiBuild, path: string): void {
  writeFileAtomic(path, readFileSync(build.varsTemplate));
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

/** A distribution's file, which may be a link. */
function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
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
