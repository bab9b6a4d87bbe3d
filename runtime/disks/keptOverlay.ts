import { constants, copyFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { listNames, makeFolders } from '../state/files.ts';
import { findLockHolder, overlayBytes } from './overlay.ts';

export type Keep =
  | { readonly kind: 'none' }
  | { readonly kind: 'kept'; readonly path: string; readonly bytes: number }
  | { readonly kind: 'in-use'; readonly detail: string };

/** Puts an overlay aside under a name of its own, so that no later start replaces it. */
export async function keepOverlay(
  qemuImg: string,
  overlayPath: string,
  { folder, vm, now }: { readonly folder: string; readonly vm: string; readonly now: Date },
): Promise<Keep> {
  const bytes = overlayBytes(overlayPath);
  if (bytes === undefined) return { kind: 'none' };
  const holder = await findLockHolder(qemuImg, overlayPath);
  if (holder !== undefined) return { kind: 'in-use', detail: holder };
  makeFolders(folder);
  const path = join(folder, keptName(vm, now));
  move(overlayPath, path);
  return { kind: 'kept', path, bytes };
}

/** Sorts by time; without characters that some file system refuses. */
function keptName(vm: string, now: Date): string {
  return `${vm}-${now.toISOString().replaceAll(/[-:.]/g, '')}.qcow2`;
}

/** An overlay may stand on another disk than the state root. A half-made copy has a temporary's name. */
function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error;
    const temporary = `${to}.tmp`;
    try {
      copyFileSync(from, temporary, constants.COPYFILE_FICLONE);
      renameSync(temporary, to);
    } catch (failure) {
      rmSync(temporary, { force: true });
      throw failure;
    }
    rmSync(from);
  }
}

/** Paths of the overlays that were kept of a VM, the newest first. */
export function keptOverlays(folder: string, vm: string): string[] {
  return listNames(folder)
    .filter((name) => isKeptOf(name, vm))
    .sort()
    .reverse()
    .map((name) => join(folder, name));
}

const isKeptOf = (name: string, vm: string): boolean =>
  name.startsWith(`${vm}-`) && /^\d{8}T\d{9}Z\.qcow2$/.test(basename(name).slice(vm.length + 1));
