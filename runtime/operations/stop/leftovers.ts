import { existsSync, rmSync } from 'node:fs';
import { isInside } from '../../config/vms/paths.ts';
import type { DiscardReason } from '../../contract/vms.ts';
import { keepOverlay } from '../../disks/keptOverlay.ts';
import { type Discard, discardOverlay, fileId, sweepHalfMade } from '../../disks/overlay.ts';
import { projectFiles, vmFiles, vmSockets } from '../../state/layout.ts';
import { type LaunchRecord, readRecord, removeRecord } from '../../state/record.ts';
import type { Run } from '../run.ts';

export interface LeftoverRequest {
  readonly stateRoot: string;
  readonly vm: string;
  /** Where the file says that the overlay is; undefined for a VM that is no longer in it. */
  readonly overlayPath?: string;
  /** Asks for the image lock; without it no overlay is deleted. */
  readonly qemuImg: string | undefined;
  readonly reason: DiscardReason;
  /** Put the overlay aside instead. */
  readonly keepOverlay?: boolean;
}

/** What became of a VM's overlay. */
export interface Cleared {
  readonly reclaimedBytes: number;
  readonly keptOverlay?: string;
}

const NOTHING: Cleared = { reclaimedBytes: 0 };

/**
 * Clears what a VM that does not run has left: overlay, seed, pidfile, sockets, record. Touches an overlay only when it
 * is provably ours: it is the file that its launch record describes, or it stands in our own folder.
 */
export async function clearLeftovers(request: LeftoverRequest, run: Run): Promise<Cleared> {
  const { stateRoot, vm } = request;
  const record = readRecord(stateRoot, vm);
  const overlay = ownOverlay(request, record);
  if (overlay !== undefined) sweepHalfMade(overlay);
  const cleared =
    overlay === undefined || !isOurs(overlay, request, record) ? NOTHING : await putAway(overlay, request, run);
  if (cleared === undefined) return NOTHING;
  const files = vmFiles(stateRoot, vm);
  const sockets = record?.sockets ?? vmSockets(stateRoot, vm);
  for (const path of [files.pidfile, files.firmwareVars, files.seed, ...Object.values(sockets)])
    rmSync(path, { force: true });
  removeRecord(stateRoot, vm);
  return cleared;
}

function ownOverlay({ stateRoot, overlayPath }: LeftoverRequest, record?: LaunchRecord): string | undefined {
  if (record) return record.overlayPath;
  if (overlayPath === undefined) return undefined;
  return isInside(overlayPath, projectFiles(stateRoot).overlays) ? overlayPath : undefined;
}

function isOurs(overlay: string, { stateRoot }: LeftoverRequest, record?: LaunchRecord): boolean {
  if (isInside(overlay, projectFiles(stateRoot).overlays)) return true;
  return record?.overlayFile !== undefined && record.overlayFile === fileId(overlay);
}

/** Undefined when the overlay had to stay; its record stays too, so that a later `down` can try again. */
async function putAway(overlay: string, request: LeftoverRequest, run: Run): Promise<Cleared | undefined> {
  const { stateRoot, vm, qemuImg, reason, keepOverlay: keep } = request;
  const place = { folder: projectFiles(stateRoot).kept, vm, now: new Date() };
  const result =
    qemuImg === undefined
      ? keepUnchecked(overlay)
      : await (keep ? keepOverlay(qemuImg, overlay, place) : discardOverlay(qemuImg, overlay));
  switch (result.kind) {
    case 'none':
      return NOTHING;
    case 'discarded': {
      const { reclaimedBytes } = result;
      run.report({ type: 'overlay.discarded', vm, path: overlay, reclaimedBytes, reason });
      return { reclaimedBytes };
    }
    case 'kept':
      run.report({ type: 'overlay.kept', vm, path: result.path, bytes: result.bytes });
      return { reclaimedBytes: 0, keptOverlay: result.path };
    case 'in-use':
      run.report({
        type: 'message',
        severity: 'warning',
        text: `${vm}: its overlay ${overlay} was not removed: ${result.detail}`,
      });
      return undefined;
  }
}

function keepUnchecked(overlay: string): Discard {
  if (!existsSync(overlay)) return { kind: 'none' };
  const detail = 'without qemu-img, Castra cannot see whether it is in use; install QEMU and run `castra down` again.';
  return { kind: 'in-use', detail };
}
