import { createHash } from 'node:crypto';

/** What a guest's disk was made of, and which disk it is. */
export interface DiskIdentity {
  readonly baseStamp: string;
  /** Of this overlay, and of no other. */
  readonly overlay: string;
}

/** A process group that an earlier run may have left in the guest. */
export interface Leftover {
  readonly pid: number;
  /** As the guest's kernel counts; tells it from another process with its number. */
  readonly started: string;
}

const short = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** One line: the same one means that nothing changed since the bootstrap succeeded on this disk. */
export const stampLine = (artifactHash: string, { baseStamp, overlay }: DiskIdentity): string =>
  `castra-bootstrap 1 ${artifactHash} ${short(baseStamp)} ${short(overlay)}`;

/** Why a bootstrap runs although one has succeeded before: the rest of a sentence. */
export function explainChange(stamp: string, earlier: string): string {
  const [, , artifact, base, overlay] = earlier.split(' ');
  const [, , newArtifact, newBase, newOverlay] = stamp.split(' ');
  if (overlay !== newOverlay) return 'the disk is new';
  if (base !== newBase) return 'the base image changed';
  return artifact === newArtifact ? 'the last run did not succeed' : 'its scripts, payload or settings changed';
}
