import { rmSync } from 'node:fs';
import { isInside } from '../config/paths.ts';
import type { DiscardReason } from '../events.ts';
import { discardOverlay, fileId, sweepHalfMade } from '../images/overlay.ts';
import { projectFiles, vmFiles, vmSockets } from '../state/layout.ts';
import { type LaunchRecord, readRecord, removeRecord } from '../state/record.ts';
import type { Run } from './run.ts';

export interface LeftoverRequest {
  readonly stateRoot: string;
  readonly vm: string;
  /** Where the file says that the overlay is; undefined for a VM that is no longer in it. */
  readonly overlayPath?: string;
  /** Asks for the image lock; without it no overlay is deleted. */
  readonly qemuImg: string | undefined;
  readonly reason: DiscardReason;
}

/**
 * Clears what a VM that does not run has left: overlay, pidfile, sockets, record. Deletes an overlay only when it is
 * provably ours: it is the file that its launch record describes, or it stands in our own folder. Returns the bytes that became free.
 */
export async function clearLeftovers(request: LeftoverRequest, run: Run): Promise<number> {
  const { stateRoot, vm } = request;
  const record = readRecord(stateRoot, vm);
  const overlay = ownOverlay(request, record);
  if (overlay !== undefined) sweepHalfMade(overlay);
  const reclaimedBytes =
    overlay === undefined || !isOurs(overlay, request, record) ? 0 : await discard(overlay, request, run);
  if (reclaimedBytes === undefined) return 0;
  const files = vmFiles(stateRoot, vm);
  const sockets = record?.sockets ?? vmSockets(stateRoot, vm);
  for (const path of [files.pidfile, files.firmwareVars, ...Object.values(sockets)]) rmSync(path, { force: true });
  removeRecord(stateRoot, vm);
  return reclaimedBytes;
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
async function discard(overlay: string, request: LeftoverRequest, run: Run): Promise<number | undefined> {
  const { vm, qemuImg, reason } = request;
  const result = qemuImg === undefined ? keepUnchecked : await discardOverlay(qemuImg, overlay);
  switch (result.kind) {
    case 'none':
      return 0;
    case 'discarded':
      run.report({ type: 'overlay.discarded', vm, path: overlay, reclaimedBytes: result.reclaimedBytes, reason });
      return result.reclaimedBytes;
    case 'in-use':
      run.report({
        type: 'message',
        severity: 'warning',
        text: `${vm}: its overlay ${overlay} was kept: ${result.detail}`,
      });
      return undefined;
  }
}

const keepUnchecked = {
  kind: 'in-use',
  detail: 'without qemu-img nobody can tell whether it is in use; install QEMU and run `castra down` again.',
} as const;
