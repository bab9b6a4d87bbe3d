import { statSync } from 'node:fs';

/**
 * Differs once another file stands at the path, or the file was written to. An overlay holds only what differs from
 * its base image, so over another base it is worth nothing.
 */
export function baseStamp(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat ? `${stat.size}:${stat.mtimeMs}:${stat.ino}` : 'missing';
}

/** For an overlay without a launch record: whether its base was written to after the overlay was made. */
export function isBaseNewer(baseImage: string, overlayPath: string): boolean {
  const base = statSync(baseImage, { throwIfNoEntry: false });
  const overlay = statSync(overlayPath, { throwIfNoEntry: false });
  return base === undefined || (overlay !== undefined && base.mtimeMs > overlay.birthtimeMs);
}
