import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isInside } from '../../config/vms/paths.ts';
import type { DiscardReason } from '../../contract/vms.ts';
import { keepOverlay } from '../../disks/keptOverlay.ts';
import { type Discard, discardOverlay, fileId, sweepHalfMade } from '../../disks/overlay.ts';
import { sweepTemporaries } from '../../state/files.ts';
import { projectFiles, vmFiles, vmSockets } from '../../state/layout.ts';
import { removeOwnFile } from '../../state/ownFile.ts';
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
  /** Why the overlay had to stay. Its record stays too, so that a later `down` can try again. */
  readonly stayed?: string;
}

const NOTHING: Cleared = { reclaimedBytes: 0 };

/**
 * Clears what a VM that does not run has left: overlay, seed, pidfile, sockets, record. Paths come from the state root
 * and from castra.toml; the launch record only confirms them.
 */
export async function clearLeftovers(request: LeftoverRequest, run: Run): Promise<Cleared> {
  const { stateRoot, vm } = request;
  const record = readRecord(stateRoot, vm);
  const overlay = ownOverlay(request, record);
  if (overlay !== undefined) sweepHalfMade(overlay);
  else if (record) warnOfOtherOverlay(record, run);
  const cleared = overlay === undefined ? NOTHING : await putAway(overlay, request, run);
  if (cleared.stayed !== undefined) return cleared;
  const files = vmFiles(stateRoot, vm);
  sweepTemporaries(dirname(files.token), files.token);
  const sockets: Record<string, string> = { ...(record?.sockets ?? vmSockets(stateRoot, vm)) };
  for (const path of [
    files.pidfile,
    files.firmwareVars,
    files.seed,
    files.token,
    files.bootstrap,
    ...Object.values(sockets),
  ]) {
    if (!removeOwnFile(path)) warn(`${path} is not a file that Castra made; it was left.`, run);
  }
  removeRecord(stateRoot, vm);
  return cleared;
}

/**
 * The overlay that is provably ours: it stands in our own folder, or it is the very file that was made for the launch,
 * at the place that castra.toml names.
 */
function ownOverlay({ stateRoot, overlayPath }: LeftoverRequest, record?: LaunchRecord): string | undefined {
  const { overlays } = projectFiles(stateRoot);
  if (overlayPath !== undefined && isInside(overlayPath, overlays)) return overlayPath;
  const places = [overlayPath, record && join(overlays, basename(record.overlayPath))];
  return places.find((path) => path !== undefined && isOverlayOf(record, path));
}

const isOverlayOf = (record: LaunchRecord | undefined, path: string): boolean =>
  record?.overlayFile !== undefined && record.overlayFile === fileId(path);

/** A VM that is no longer declared, or whose `overlay` was changed since: the record alone does not justify a deletion. */
function warnOfOtherOverlay({ vm, overlayPath }: LaunchRecord, run: Run): void {
  if (fileId(overlayPath) === undefined) return;
  warn(
    `${vm}: its disk ${overlayPath} is not where castra.toml says now; it was left. Delete it if you do not need it.`,
    run,
  );
}

function warn(text: string, run: Run): void {
  run.report({ type: 'message', severity: 'warning', text });
}

async function putAway(overlay: string, request: LeftoverRequest, run: Run): Promise<Cleared> {
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
      warn(`${vm}: its overlay ${overlay} was not removed: ${result.detail}`, run);
      return { reclaimedBytes: 0, stayed: result.detail };
  }
}

function keepUnchecked(overlay: string): Discard {
  if (!existsSync(overlay)) return { kind: 'none' };
  const detail = 'without qemu-img, Castra cannot see whether it is in use; install QEMU and run `castra down` again.';
  return { kind: 'in-use', detail };
}
