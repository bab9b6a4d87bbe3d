import { type BigIntStats, lstatSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { isInside } from '../../config/vms/paths.ts';
import type { CleanAction } from '../../contract/clean.ts';
import { messageOf } from '../../contract/failures.ts';
import { findLockHolder } from '../../disks/overlay.ts';
import { removeIfEmpty } from '../../state/files.ts';
import type { Removal } from './plan.ts';

export interface CleanerOptions {
  readonly stateRoot: string;
  readonly dryRun: boolean;
  /** VMs that were stopped for this, or in a dry run would be: their disks are not in use by then. */
  readonly stopped: readonly string[];
  /** Asks for the image lock; without it no disk is deleted. */
  readonly qemuImg: string | undefined;
}

export interface Cleaner {
  /** Undefined when the file was gone already: QEMU removes some by itself. */
  file(removal: Removal): Promise<CleanAction | undefined>;
  /** Removes folders below the state root that `file` emptied; whatever is left in one keeps it. */
  emptiedFolders(): void;
}

/** Removes files one by one; the trouble with one does not keep the others. */
export function cleaner({ stateRoot, dryRun, stopped, qemuImg }: CleanerOptions): Cleaner {
  const folders = new Set<string>();
  const names = new Map<string, number>();
  /** VMs whose disk stays: what proves whose it is stays too. */
  const holding = new Set<string>();
  return {
    async file({ kind, path, vm }) {
      const action = (result: CleanAction['result'], bytes: number, reason?: string): CleanAction => {
        if (kind === 'overlay' && vm !== undefined && (result === 'skipped' || result === 'failed')) holding.add(vm);
        return { result, kind, path, bytes, ...(reason === undefined ? {} : { reason }) };
      };
      if (kind === 'record' && vm !== undefined && holding.has(vm))
        return action('skipped', 0, 'its disk is still there');
      try {
        const isDisk = kind === 'overlay' || kind === 'kept-overlay';
        const isToBeStopped = dryRun && vm !== undefined && stopped.includes(vm);
        const holder = isDisk && !isToBeStopped ? await findHolder(qemuImg, path) : undefined;
        if (holder !== undefined) return action('skipped', 0, holder);
        const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
        if (stat === undefined) return undefined;
        const bytes = reclaimed(stat, dryRun ? names : undefined);
        if (dryRun) return action('planned', bytes);
        unlinkSync(path);
        folders.add(dirname(path));
        return action('removed', bytes);
      } catch (error) {
        return isMissing(error) ? undefined : action('failed', 0, messageOf(error));
      }
    },
    emptiedFolders() {
      // The deepest first: `logs` is empty only once `logs/bootstrap` is gone.
      const inside = [...folders].filter((folder) => isInside(folder, stateRoot));
      const parents = inside.map(dirname).filter((folder) => isInside(folder, stateRoot));
      for (const folder of [...new Set([...inside, ...parents])].sort((a, b) => b.length - a.length)) {
        removeIfEmpty(folder);
      }
    },
  };
}

async function findHolder(qemuImg: string | undefined, path: string): Promise<string | undefined> {
  if (qemuImg === undefined) return 'without qemu-img, Castra cannot see whether it is in use; install QEMU';
  return await findLockHolder(qemuImg, path);
}

/**
 * Bytes that the disk gets back: blocks, for disks are sparse; nothing while the file has another name. `planned`
 * counts the names that a dry run has seen, where a real one would have removed them.
 */
function reclaimed({ dev, ino, nlink, blocks }: BigIntStats, planned: Map<string, number> | undefined): number {
  const file = `${dev}:${ino}`;
  const before = planned?.get(file) ?? 0;
  planned?.set(file, before + 1);
  return Number(nlink) - before <= 1 ? Number(blocks) * 512 : 0;
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';
